import type { JobDetail, Message, NovuRun, NovuState, NovuSubscriber } from "../state.ts";
import { mailPartsOf, recipientOf } from "./mail-parts.ts";
import { isWithin } from "./schedule.ts";
import type { AnsweredStep, StepResult } from "./step.ts";

/** Novu sends nothing on these channels outside the subscriber's schedule. */
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

/** Sends a message to each address of the subscriber, if the subscriber's preferences and schedule allow it. */
export function deliver({ state, run, job, subscriber, outputs, providers, refusal, now }: AnsweredStep): StepResult {
  const { isOn, decidedBy, isCritical } = preferenceOf(state, run, job.type);
  if (!isOn) return { status: "canceled", details: [{ detail: FILTERED_BY[decidedBy], status: "Success" }] };
  const isOutside = !isWithin(state.schedules[run.subscriberId], now, subscriber?.timezone);
  if (isOutside && SCHEDULED_CHANNELS.includes(job.type) && !isCritical)
    return { status: "canceled", details: [{ detail: OUTSIDE_THE_SCHEDULE, status: "Success" }] };
  const found = addresses(job.type, subscriber, run);
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
      ...(job.type !== "email" && isFilled(providers) && { providers }),
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

/**
 * The first that exists counts: the subscriber's preference for this workflow, the subscriber's preference for all
 * workflows, the workflow's preference in code. If the code's preference is read-only, only that one counts.
 */
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

/** Novu's list of the providers whose credentials belong to a subscriber. */
export const CHANNEL_OF_PROVIDER: Record<string, "push" | "chat"> = {
  apns: "push",
  appio: "push",
  expo: "push",
  fcm: "push",
  "one-signal": "push",
  "push-webhook": "push",
  "pusher-beams": "push",
  pushpad: "push",
  "chat-webhook": "chat",
  discord: "chat",
  getstream: "chat",
  "grafana-on-call": "chat",
  line: "chat",
  mattermost: "chat",
  msteams: "chat",
  "novu-slack": "chat",
  "novu-web-chat": "chat",
  "rocket-chat": "chat",
  ryver: "chat",
  sendblue: "chat",
  slack: "chat",
  telegram: "chat",
  "webex-messaging": "chat",
  "whatsapp-business": "chat",
  zulip: "chat",
};

export interface Address {
  /** Makes the message ids of one step unique; empty on channels with only one message. */
  suffix: string;
  providerId: string | null;
  to: string | null;
}

/** The addresses of a run's message on a channel. */
function addresses(
  channel: string,
  subscriber: NovuSubscriber | undefined,
  { toRecipient }: Pick<NovuRun, "toRecipient">,
): Address[] {
  // A tool's provider has its address in its integration at Novu.
  if (channel === "in_app" || channel === "tool") return [{ suffix: "", providerId: null, to: null }];
  if (channel === "email" || channel === "sms") {
    const to = channel === "email" ? toRecipient || subscriber?.email : subscriber?.phone;
    if (to === undefined || to === null || to === "") return [];
    return [{ suffix: "", providerId: null, to }];
  }
  return (subscriber?.channels ?? []).flatMap(({ providerId, _integrationId, credentials }) => {
    if (CHANNEL_OF_PROVIDER[providerId] !== channel) return [];
    const to = channel === "push" ? credentials.deviceTokens?.join(",") : credentials.webhookUrl;
    return to === undefined || to === "" ? [] : [{ suffix: `:${_integrationId}`, providerId, to }];
  });
}

function isFilled(providers: unknown): providers is Record<string, unknown> {
  return typeof providers === "object" && providers !== null && Object.keys(providers).length > 0;
}
