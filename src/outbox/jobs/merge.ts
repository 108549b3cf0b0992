import type { Merge, MergeRequest } from "../../contracts/routing.ts";
import { RetryLaterError, UnavailableError } from "../../lib/errors.ts";
import type { GroupedReads } from "../grouped-reads.ts";

export interface MergeSteps {
  /** Whether PostHog has both ids as one person; `unknown` where it does not have both. */
  arePerson(ids: [string, string]): Promise<"one" | "two" | "unknown" | { unavailable: string }>;
  /** Both ids are one person from now on. */
  merge(merge: Merge): Promise<void>;
  /** Shows on the pages that the ids stay two persons. */
  onNotMerged(request: MergeRequest): Promise<void>;
  /** Ingests, as the kept id's, the former id's events that were ignored because they were anonymous. */
  lookAgain(request: MergeRequest): Promise<void>;
}

/** Makes two ids one person, unless PostHog has them as two. Throws when PostHog cannot be asked, or not yet. */
export function createMerge({
  steps: { arePerson, merge, onNotMerged, lookAgain },
  reads,
}: {
  steps: MergeSteps;
  reads: GroupedReads;
}) {
  return async (request: MergeRequest): Promise<void> => {
    const { previousId, currentId, occurredAt } = request;
    const retryAfterMs = request.checkAt !== null ? reads.waitMs() : 0;
    if (retryAfterMs > 0)
      throw new RetryLaterError("PostHog is asked about several at once", { retryAfterMs, answered: false });
    const persons = request.checkAt !== null ? await arePerson([previousId, currentId]) : "one";
    if (typeof persons === "object")
      throw new UnavailableError(`PostHog cannot be asked: ${persons.unavailable}`, { answered: false });
    if (persons === "two") return onNotMerged(request);
    if (request.merge) await merge({ previousId, currentId, occurredAt });
    await lookAgain(request);
  };
}
