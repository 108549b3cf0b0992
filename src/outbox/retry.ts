import { MINUTE_MS, SECOND_MS } from "../lib/durations.ts";
import { PermanentError, RetryLaterError, ServiceError, UnavailableError } from "../lib/errors.ts";

const FIRST_MS = SECOND_MS;
/** The longest wait, also after a Retry-After, because a wrong Retry-After could make a job wait for years. */
const LONGEST_MS = 10 * MINUTE_MS;

/** With the waits below, the attempts take 44 to 87 minutes in all. */
export const MOST_ATTEMPTS = 18;

/** The consequence of a failed attempt. `answered`: the service has answered the attempt. */
export interface AfterFailure {
  next: "retry" | "postpone" | "give up";
  /** Until the next attempt; 0 when there is none. */
  waitMs: number;
  answered: boolean;
}

/**
 * Decides by the class of the error, in this order. `worker.ts` applies it, and `store/job-queue.ts` counts the failed
 * attempts. Novu's own retries of a step are counted in `engine/decide-message.ts`.
 * - RetryLaterError: the job is postponed for the wait that the error names. The attempt does not count.
 * - UnavailableError: the job is postponed until the service is up, however long that takes. The attempt does not
 *   count. While the service answers other jobs, the error is treated as any other error.
 * - PermanentError: the job is given up at once.
 * - any other error: the attempt counts, and the job is retried with backoff. It is given up after the last attempt.
 */
export function afterFailure(
  error: unknown,
  { failedAttempts, isServiceUp }: { failedAttempts: number; isServiceUp: boolean },
): AfterFailure {
  const { answered, retryAfterMs } = answerIn(error);
  const askedMs = Math.min(retryAfterMs, LONGEST_MS);
  if (error instanceof RetryLaterError) return { next: "postpone", waitMs: askedMs, answered };
  if (error instanceof UnavailableError && !isServiceUp)
    return { next: "postpone", waitMs: Math.max(askedMs, backoffMs(1)), answered };
  if (error instanceof PermanentError || failedAttempts >= MOST_ATTEMPTS)
    return { next: "give up", waitMs: 0, answered };
  return { next: "retry", waitMs: Math.max(askedMs, backoffMs(failedAttempts)), answered };
}

/** The wait after the n-th failure: 1 s, 2 s, 4 s … 10 min, minus a random part of up to half, to spread the jobs. */
export function backoffMs(failedAttempts: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failedAttempts - 1));
  return Math.round(full * (1 - random() / 2));
}

/** A PermanentError counts as an answer of the service. Any other error of our own comes without an answer. */
function answerIn(error: unknown): { answered: boolean; retryAfterMs: number } {
  if (error instanceof ServiceError) return error;
  return { answered: error instanceof PermanentError, retryAfterMs: 0 };
}
