import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";
import type { Channel } from "./channel.ts";
import type { FlagValue, Objection } from "./decision.ts";
import type { PersonProperties } from "./person.ts";

/**
 * The address of a message, and how it reaches the provider: as the address of the Novu subscriber, or inside the
 * message, which replaces that one (`provider`). `none`: it is a new address that Novu does not have, and the message
 * cannot contain it. Null for a channel without addresses, or when the person or the subscriber has none.
 */
export type Recipient = { via: "subscriber" | "provider" | "none"; address: string } | null;

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
    /** For push and chat; absent when unknown. */
    channels?: ChannelAtNovu[] | undefined;
  };
  recipient: Recipient;
  /** The topic that people can opt out of; null for a message without an opt-out. */
  topic: string | null;
  /** The PostHog flag of the people who get nothing, so that the effect can be measured; null when there is none. */
  holdout: string | null;
}

/** The guards' objection, and the values of the holdout flags that they read, by flag. */
export interface GuardResult {
  objection: Objection | null;
  holdouts: Record<string, FlagValue>;
}

/** The frequency cap: how many messages a person gets in a time, over all workflows. As in a setting: "3 in 7 days". */
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
 * A part of each day in local time, as in a setting: "09:00-20:00". `from` is the first minute within, `to` the first one
 * no longer within. It includes midnight where `to` is the earlier of the two. Its errors repeat nothing of the text.
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

/** The message of a link, and whether its clicks are reported. */
export type MessageLink = Pick<Send, "transactionId" | "workflow" | "step" | "channel"> & { track: boolean };
