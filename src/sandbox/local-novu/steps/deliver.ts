import type { Message, NovuState, NovuSubscriber } from "../state.ts";
import { mailPartsOf, recipientOf } from "./mail-parts.ts";
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

interface Address {
  /** Tells the messages of one step apart; empty where there is one only. */
  suffix: string;
  providerId: string | null;
  to: string | null;
}

export function isChannel(type: string): boolean {
  return CHANNELS.includes(type);
}

/** One message to each address that the channel has of the subscriber. Throws when it has none. */
export function deliver({ state, run, job, subscriber, outputs, providers, now }: AnsweredStep): Outcome {
  if (!isWanted(state, run, job.type)) return { status: "canceled" };
  const { transactionId, workflowId, subscriberId } = run;
  for (const { suffix, providerId, to } of addresses(job.type, subscriber))
    state.messages.push({
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
    } satisfies Message);
  return { status: "completed" };
}

/** The code's word, then the subscriber's for all workflows, then theirs for this one, unless the code locks it. */
function isWanted(
  { workflows, preferences }: NovuState,
  { workflowId, subscriberId }: { workflowId: string; subscriberId: string },
  channel: string,
): boolean {
  const code = workflows.find((workflow) => workflow.workflowId === workflowId)?.preferences;
  const byCode = code?.channels?.[channel]?.enabled ?? code?.all?.enabled ?? true;
  if (code?.all?.readOnly === true) return byCode;
  const chosen = preferences[subscriberId];
  return chosen?.[workflowId]?.[channel] ?? chosen?.[""]?.[channel] ?? byCode;
}

function addresses(channel: string, subscriber: NovuSubscriber | undefined): Address[] {
  if (channel === "in_app") return [{ suffix: "", providerId: null, to: null }];
  if (channel === "email" || channel === "sms") {
    const field = channel === "email" ? "email" : "phone";
    const to = subscriber?.[field];
    if (to === undefined || to === null || to === "") throw new Error(`the subscriber has no ${field}`);
    return [{ suffix: "", providerId: null, to }];
  }
  const found = (subscriber?.channels ?? []).flatMap(({ providerId, _integrationId, credentials }) => {
    if (CHANNEL_OF_PROVIDER[providerId] !== channel) return [];
    const to = channel === "push" ? credentials.deviceTokens?.join(",") : credentials.webhookUrl;
    return to === undefined || to === "" ? [] : [{ suffix: `:${_integrationId}`, providerId, to }];
  });
  if (found.length === 0) throw new Error(`the subscriber has no ${channel} channel`);
  return found;
}
