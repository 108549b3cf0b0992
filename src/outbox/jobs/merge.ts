import type { Merge, MergeRequest } from "../../contracts/routing.ts";
import { RetryLaterError, UnavailableError } from "../../lib/errors.ts";

export interface MergeSteps {
  /** Whether both ids belong to one person at PostHog; `unknown` when PostHog does not have both ids. */
  areOnePerson(ids: [string, string]): Promise<"one" | "two" | "unknown" | { unavailable: string }>;
  /** Saves that both ids are one person from now on. */
  merge(merge: Merge): Promise<void>;
  /** Shows on the pages that the ids stay two persons. */
  onNotMerged(request: MergeRequest): Promise<void>;
  /** Ingests the events of the former id that were ignored as anonymous, now as events of the current id. */
  reingest(request: MergeRequest): Promise<void>;
}

/** Merges two ids, unless they are two persons at PostHog. Throws when PostHog does not answer or may not be read. */
export function createMerge({
  steps: { areOnePerson, merge, onNotMerged, reingest },
  msUntilRead,
}: {
  steps: MergeSteps;
  /** The time until PostHog may be read; 0 when it may be read now. */
  msUntilRead(): number;
}) {
  return async (request: MergeRequest): Promise<void> => {
    const { previousId, currentId, occurredAt } = request;
    const retryAfterMs = request.checkAt !== null ? msUntilRead() : 0;
    if (retryAfterMs > 0)
      throw new RetryLaterError("PostHog is read later, for several merges at once", { retryAfterMs, answered: false });
    const persons = request.checkAt !== null ? await areOnePerson([previousId, currentId]) : "one";
    if (typeof persons === "object")
      throw new UnavailableError(`PostHog cannot be asked: ${persons.unavailable}`, { answered: false });
    if (persons === "two") return onNotMerged(request);
    if (request.merge) await merge({ previousId, currentId, occurredAt });
    await reingest(request);
  };
}
