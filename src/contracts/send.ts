import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";
import type { Channel } from "./channel.ts";
import type { FlagValue, Objection } from "./decision.ts";
import type { PersonProperties } from "./person.ts";

/**
 * The address of a message, and how the provider gets the address. `subscriber`: from the Novu subscriber. `provider`:
 * from the message, which replaces the address that Novu would use. `event`: from the trigger, which has the address in
 * the run's event, for a person without another one. `none`: not at all, because Novu does not have the new address and
 * the message cannot contain it. Null if the channel, the person or the subscriber has no address.
 */
export type Recipient = { via: "subscriber" | "provider" | "event" | "none"; address: string } | null;

/** A push or chat provider by which Novu reaches a subscriber. */
export interface ChannelAtNovu {
  credentials?:
    | { deviceTokens?: string[] | null | undefined; webhookUrl?: string | null | undefined }
    | null
    | undefined;
}

/** A message before it is sent: the input of the guards. */
export interface Send {
  transactionId: string;
  workflow: string;
  step: string;
  channel: Channel;
  distinctId: string;
  person: PersonProperties;
  /** The names of the person's properties whose values cannot be read. */
  unreadable: string[];
  /** The subscriber's addresses at Novu; null or absent where it has none. */
  addresses: {
    email?: string | null | undefined;
    phone?: string | null | undefined;
    /** The push and chat providers; absent when unknown. */
    channels?: ChannelAtNovu[] | undefined;
  };
  recipient: Recipient;
  /** The topic that people can opt out of; null for a message without an opt-out. */
  topic: string | null;
  /** The PostHog flag of the people who get nothing, so that the effect can be measured; null when there is none. */
  holdout: string | null;
  /** Whether the message is only shown, so that it takes no place under the cap. */
  isTrial: boolean;
}

/** The guards' objection, and the values of the holdout flags that they read, by flag. */
export interface GuardResult {
  objection: Objection | null;
  holdouts: Record<string, FlagValue>;
}

/** The frequency cap: the most messages for a person within a time, over all workflows. As a setting: "3 in 7 days". */
export const Cap = z
  .string()
  .regex(/^[1-9]\d{0,3} in [1-9]\d{0,2} days?$/, 'expected how many in how long, such as "3 in 7 days"')
  .transform((text) => {
    const [most = 0, days = 0] = (text.match(/\d+/g) ?? []).map(Number);
    return { most, withinMs: days * DAY_MS };
  });
export type Cap = z.infer<typeof Cap>;

const FROM = /^([01]\d|2[0-3]):[0-5]\d$/;
const TO = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

/**
 * A part of each day in local time. A setting has it as "09:00-20:00". `from` is its first minute, `to` the first
 * minute after it. If `to` is earlier than `from`, the part includes midnight. The errors do not repeat the text of the
 * setting.
 */
export const Hours = z
  .string()
  .regex(/^[^-]*-[^-]*$/, 'expected two times with a dash between them, such as "09:00-20:00"')
  .transform((text) => {
    const [from = "", to = ""] = text.split("-").map((time) => time.trim());
    return { from, to };
  })
  .pipe(
    z.object({
      from: z.string().regex(FROM, 'the first time has to be 00:00 to 23:59 with two digits each, such as "09:00"'),
      to: z.string().regex(TO, 'the second time has to be 00:00 to 24:00 with two digits each, such as "20:00"'),
    }),
  )
  .refine(({ from, to }) => from !== to, 'the two times are the same; the whole day is "00:00-24:00"');
export type Hours = z.infer<typeof Hours>;

/** The message that contains a link, and whether clicks on the link are reported. */
export type MessageLink = Pick<Send, "transactionId" | "workflow" | "step" | "channel"> & { track: boolean };
