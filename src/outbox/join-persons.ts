import type { Join, Merge } from "../contracts/notification.ts";
import { RetryLaterError, UnavailableError } from "../lib/errors.ts";
import type { Bursts } from "./bursts.ts";

/** The questions and changes that make two ids one person. */
export interface Joining {
  /** Whether PostHog has both ids as one person; `unknown` where it does not know both. */
  arePerson(ids: [string, string]): Promise<"one" | "two" | "unknown" | { unavailable: string }>;
  /** Both ids are one person from now on. */
  merge(merge: Merge): Promise<void>;
  /** People are to see that the ids stay two persons. */
  onNotMerged(join: Join): Promise<void>;
  /** Takes in, as the kept id's, what was ignored of the former as long as nobody knew whose it was. */
  lookAgain(join: Join): Promise<void>;
}

/** Makes two ids one person, unless PostHog keeps them apart. Throws when PostHog cannot be asked, or not yet. */
export function createJoin({ arePerson, merge, onNotMerged, lookAgain }: Joining, reads: Bursts) {
  return async (join: Join): Promise<void> => {
    const { formerId, keptId, occurredAt } = join;
    const retryAfterMs = join.ask ? reads.waitMs() : 0;
    if (retryAfterMs > 0)
      throw new RetryLaterError("PostHog is asked about several at once", { retryAfterMs, answered: false });
    const persons = join.ask ? await arePerson([formerId, keptId]) : "one";
    if (typeof persons === "object")
      throw new UnavailableError(`PostHog cannot be asked: ${persons.unavailable}`, { answered: false });
    if (persons === "two") return onNotMerged(join);
    if (join.merge) await merge({ formerId, keptId, occurredAt });
    await lookAgain(join);
  };
}
