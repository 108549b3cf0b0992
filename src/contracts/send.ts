import type { Channel } from "./channel.ts";
import type { Objection } from "./decision.ts";
import type { FlagValue } from "./flag.ts";
import type { PersonProperties } from "./person.ts";

/**
 * The address of a message, and how it reaches the provider: as the address of the Novu subscriber, or inside the
 * message, which replaces that one. `changed`: the person has a new address that Novu does not have, and the message
 * cannot carry it. Null for a channel without addresses, or when the person or the subscriber has none.
 */
export type Recipient = { via: "subscriber" | "provider"; address: string } | "changed" | null;

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
