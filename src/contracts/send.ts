import type { Channel, Objection } from "./decision.ts";
import type { FlagValue } from "./flag.ts";
import type { PersonProperties } from "./person.ts";

/** A message that is about to go out, as the guards see it. */
export interface Send {
  transactionId: string;
  workflow: string;
  step: string;
  channel: Channel;
  distinctId: string;
  person: PersonProperties;
  /** What Novu would send to; null or absent where it has nothing. */
  addresses: { email?: string | null | undefined; phone?: string | null | undefined };
  /** What it belongs to among the things that people can turn off; null for what they cannot. */
  topic: string | null;
  /** The PostHog flag of the people who get nothing, so that the effect can be measured; null when there is none. */
  holdout: string | null;
}

/** What the guards say to it: why it is not to go, and what the holdouts' flags said, by flag, as far as they were asked. */
export interface Verdict {
  objection: Objection | null;
  holdouts: Record<string, FlagValue>;
}
