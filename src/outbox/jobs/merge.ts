import type { Join, Merge } from "../../contracts/notification.ts";
import { RetryLaterError, UnavailableError } from "../../lib/errors.ts";
import type { GroupedReads } from "../grouped-reads.ts";

export interface MergeSteps {
  /** Whether PostHog has both ids as one person; `unknown` where it does not have both. */
  arePerson(ids: [string, string]): Promise<"one" | "two" | "unknown" | { unavailable: string }>;
  /** Both ids are one person from now on. */
  merge(merge: Merge): Promise<void>;
  /** Shows on the pages that the ids stay two persons. */
  onNotMerged(join: Join): Promise<void>;
  /** Ingests, as the kept id's, the former id's events that were ignored because they were anonymous. */
  lookAgain(join: Join): Promise<void>;
}

/** Makes two ids one person, unless PostHog has them as two. Throws when PostHog cannot be asked, or not yet. */
export function createMerge({
  steps: { arePerson, merge, onNotMerged, lookAgain },
  reads,
}: {
  steps: MergeSteps;
  reads: GroupedReads;
}) {
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
