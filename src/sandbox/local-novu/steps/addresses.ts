import type { NovuSubscriber } from "../state.ts";

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
  /** Makes the message ids of one step unique; empty when there is only one message. */
  suffix: string;
  providerId: string | null;
  to: string | null;
}

/** The subscriber's addresses on a channel. */
export function addresses(channel: string, subscriber: NovuSubscriber | undefined): Address[] {
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
