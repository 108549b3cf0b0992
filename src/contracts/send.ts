import type { Channel } from "./channel.ts";
import type { Objection } from "./decision.ts";
import type { FlagValue } from "./flag.ts";
import type { PersonProperties } from "./person.ts";

/**
 * The address of a message, and the way that it reaches the email provider: from the subscriber that Novu
 * has, or with the message, in its place. `changed`: the person has another address now than Novu, and no
 * way leads there. Null where a channel has no address, or one of the two sides none.
 */
export type Recipient = { via: "subscriber" | "provider"; address: string } | "changed" | null;

/** A push or chat provider by which Novu reaches a subscriber. */
export interface ChannelAtNovu {
  credentials?:
    | { deviceTokens?: string[] | null | undefined; webhookUrl?: string | null | undefined }
    | null
    | undefined;
}

/** A message that is about to go out, as the guards see it. */
export interface Send {
  transactionId: string;
  workflow: string;
  step: string;
  channel: Channel;
  distinctId: string;
  person: PersonProperties;
  /** The person's properties that are there and cannot be read. */
  unreadable: string[];
  /** What Novu would send to; null or absent where it has nothing. */
  addresses: {
    email?: string | null | undefined;
    phone?: string | null | undefined;
    /** For push and chat; absent where Novu does not say. */
    channels?: ChannelAtNovu[] | undefined;
  };
  recipient: Recipient;
  /** What it belongs to among the things that people can turn off; null for what they cannot. */
  topic: string | null;
  /** The PostHog flag of the people who get nothing, so that the effect can be measured; null when there is none. */
  holdout: string | null;
}

/** The guards' objection, and the values of the holdout flags that they read, by flag. */
export interface GuardResult {
  objection: Objection | null;
  holdouts: Record<string, FlagValue>;
}
