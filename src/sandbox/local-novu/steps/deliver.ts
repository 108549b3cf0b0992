import type { JobDetail, Message, NovuState } from "../state.ts";
import { addresses } from "./addresses.ts";
import { mailPartsOf, recipientOf } from "./mail-parts.ts";
import { isWithin } from "./schedule.ts";
import type { AnsweredStep, StepResult } from "./step.ts";

/** Novu does not send these outside the subscriber's schedule. */
const SCHEDULED_CHANNELS = ["email", "sms", "push"];

// Texts of `DetailEnum` in Novu's public source.
const FILTERED_BY = {
  workflow: "Step filtered by workflow preferences",
  subscriber: "Step filtered by subscriber workflow preferences",
  "subscriber for all": "Step filtered by subscriber global preferences",
};
const OUTSIDE_THE_SCHEDULE = "The step was skipped as it fell outside the subscriber's schedule";
const MISSING: Record<string, string> = {
  email: "Subscriber missing recipient details",
  sms: "Subscriber is missing a phone number",
  push: "Subscriber does not have a configured channel",
  chat: "Webhook URL for the chat channel is missing",
};

/** One message to each address of the subscriber, within their preferences and their schedule. */
export function deliver({ state, run, job, subscriber, outputs, providers, refusal, now }: AnsweredStep): StepResult {
  const { isOn, decidedBy, isCritical } = preferenceOf(state, run, job.type);
  if (!isOn) return { status: "canceled", details: [{ detail: FILTERED_BY[decidedBy], status: "Success" }] };
  const isOutside = !isWithin(state.schedules[run.subscriberId], now, subscriber?.timezone);
  if (isOutside && SCHEDULED_CHANNELS.includes(job.type) && !isCritical)
    return { status: "canceled", details: [{ detail: OUTSIDE_THE_SCHEDULE, status: "Success" }] };
  const found = addresses(job.type, subscriber);
  if (found.length === 0)
    return { status: "canceled", details: [{ detail: MISSING[job.type] ?? "", status: "Failed" }] };

  const { transactionId, workflowId, subscriberId } = run;
  const sent = found.map(({ suffix, providerId, to }) => {
    const message: Message = {
      id: `${job.id}${suffix}`,
      transactionId,
      workflowId,
      subscriberId,
      stepId: job.stepId,
      channel: job.type,
      providerId,
      to: (job.type === "email" ? recipientOf(providers) : null) ?? to,
      content: outputs,
      mail: job.type === "email" ? mailPartsOf(providers) : null,
      sentAt: now,
      seen: false,
      read: false,
      lastSeenDate: null,
      lastReadDate: null,
    };
    const errorText = refusal(message);
    return errorText === null ? message : { ...message, errorText };
  });
  state.messages.push(...sent);
  const details = sent.map(detailOf);
  const errors = sent.flatMap(({ errorText }) => errorText ?? []);
  if (errors.length < sent.length) return { status: "completed", details };
  return { status: "failed", error: errors.join("; "), details };
}

function detailOf({ providerId, errorText }: Message): JobDetail {
  if (errorText === undefined) return { detail: "Message sent", status: "Success", providerId };
  const raw = JSON.stringify({ message: errorText });
  return { detail: "Unexpected provider error", status: "Failed", raw, providerId };
}

/** The subscriber's preference for this workflow, then the one for all workflows, then the code's. Only the code counts when it is read-only. */
function preferenceOf(
  { workflows, preferences }: Pick<NovuState, "workflows" | "preferences">,
  { workflowId, subscriberId }: { workflowId: string; subscriberId: string },
  channel: string,
): { isOn: boolean; decidedBy: keyof typeof FILTERED_BY; isCritical: boolean } {
  const code = workflows.find((workflow) => workflow.workflowId === workflowId)?.preferences;
  const byCode = code?.channels?.[channel]?.enabled ?? code?.all?.enabled ?? true;
  if (code?.all?.readOnly === true) return { isOn: byCode, decidedBy: "workflow", isCritical: true };
  const own = preferences[subscriberId];
  const here = own?.[workflowId]?.[channel];
  if (here !== undefined) return { isOn: here, decidedBy: "subscriber", isCritical: false };
  const everywhere = own?.[""]?.[channel];
  if (everywhere !== undefined) return { isOn: everywhere, decidedBy: "subscriber for all", isCritical: false };
  return { isOn: byCode, decidedBy: "workflow", isCritical: false };
}
