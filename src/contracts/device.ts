import { z } from "zod";

/** Novu's push providers, which all take device tokens. Source: ChatOrPushProviderEnum of @novu/api 3.19.1. */
export const PushProvider = z.enum([
  "apns",
  "appio",
  "expo",
  "fcm",
  "one-signal",
  "push-webhook",
  "pusher-beams",
  "pushpad",
]);
export type PushProvider = z.infer<typeof PushProvider>;

/** Names one of the lists of device tokens that Novu stores for a subscriber. */
export const DeviceList = z.object({
  provider: PushProvider,
  /** Novu's identifier of one of several integrations of the provider; null for the newest one. */
  integration: z.string().min(1).nullable(),
});
export type DeviceList = z.infer<typeof DeviceList>;

/** Shorter tokens are hidden completely. */
const SHOWN_FROM = 16;

/** The end of a token, for people who look for a device. With the whole token anybody may send to the device. */
export function maskedToken(token: string): string {
  return token.length < SHOWN_FROM ? "…" : `…${token.slice(-4)}`;
}

/** A device that takes push messages. A token is unique for its provider. */
export interface Device extends DeviceList {
  token: string;
  distinctId: string;
}
