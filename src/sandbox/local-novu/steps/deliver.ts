import type { JobDetail, Message, NovuState, NovuSubscriber } from "../state.ts";
import { mailPartsOf, recipientOf } from "./mail-parts.ts";
import { isWithin } from "./schedule.ts";
import type { AnsweredStep, Outcome } from "./step.ts";

/** The channel of each provider that keeps credentials at the subscriber, as Novu lists them. */
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
const CHANNELS = ["email", "in_app", "sms", "push", "chat"];

/** Those that are left out when they come outside the subscriber's hours. */
const KEEPS_TO_SCHEDULE = ["email", "sms", "push"];

// In Novu's words: `DetailEnum` in its public source.
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

interface Address {
  /** Tells the messages of one step apart; empty where there is one only. */
  suffix: string;
  providerId: string | null;
  to: string | null;
}

export function isChannel(type: string): boolean {
  return CHANNELS.includes(type);
}

/** One message to each address that the channel has of the subscriber, if they want it and it is in their hours. */
export function deliver({ state, run, job, subscriber, outputs, providers, refusedBy, now }: AnsweredStep): Outcome {
  const { isWanted, decidedBy, isCritical } = preferenceOf(state, run, job.type);
  if (!isWanted) return { status: "canceled", details: [{ detail: FILTERED_BY[decidedBy], status: "Success" }] };
  const isOutside = !isWithin(state.schedules[run.subscriberId], now, subscriber?.timezone);
  if (isOutside && KEEPS_TO_SCHEDULE.includes(job.type) && !isCritical)
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
    const errorText = refusedBy(message);
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

/** Whether a channel is on: the code's word, then theirs for all workflows, then theirs for this one, unless the code locks it. */
function preferenceOf(
  { workflows, preferences }: Pick<NovuState, "workflows" | "preferences">,
  { workflowId, subscriberId }: { workflowId: string; subscriberId: string },
  channel: string,
): { isWanted: boolean; decidedBy: keyof typeof FILTERED_BY; isCritical: boolean } {
  const code = workflows.find((workflow) => workflow.workflowId === workflowId)?.preferences;
  const byCode = code?.channels?.[channel]?.enabled ?? code?.all?.enabled ?? true;
  if (code?.all?.readOnly === true) return { isWanted: byCode, decidedBy: "workflow", isCritical: true };
  const chosen = preferences[subscriberId];
  const here = chosen?.[workflowId]?.[channel];
  if (here !== undefined) return { isWanted: here, decidedBy: "subscriber", isCritical: false };
  const everywhere = chosen?.[""]?.[channel];
  if (everywhere !== undefined) return { isWanted: everywhere, decidedBy: "subscriber for all", isCritical: false };
  return { isWanted: byCode, decidedBy: "workflow", isCritical: false };
}

function addresses(channel: string, subscriber: NovuSubscriber | undefined): Address[] {
  if (channel === "in_app") return [{ suffix: "", providerId: null, to: null }];
  if (channel === "email" || channel === "sms") {
    const field = channel === "email" ? "email" : "phone";
    const to = subscriber?.[field];
    if (to === undefined || to === null || to === "") return [];
    return [{ suffix: "", providerId: null, to }];
  }
  return (subscriber?.channels ?? []).flatMap(({ providerId, _integrationId, credentials }) => {
    if (CHANNEL_OF_PROVIDER[providerId] !== channel) return [];
    const to = channel === "push" ? credentials.deviceTokens?.join(",") : credentials.webhookUrl;
    return to === undefined || to === "" ? [] : [{ suffix: `:${_integrationId}`, providerId, to }];
  });
}
