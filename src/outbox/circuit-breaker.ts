import type { Clock } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";

const OPENS_AFTER = 3;
/** The longest time between the end of an outage and the next call. */
const TRY_EVERY_MS = 2 * SECOND_MS;
const LATELY_MS = 5 * SECOND_MS;

/**
 * The circuit breaker of a service. It opens after three unanswered calls in a row and five seconds without an answer.
 * Then it allows one call every two seconds, until the service answers a call.
 */
export function createCircuitBreaker({ now }: Pick<Clock, "now">) {
  let unanswered = 0;
  let nextTryAt = 0;
  let lastAnswerAt = Number.NEGATIVE_INFINITY;
  /** Whether the service has answered so recently that a failure concerns only one job. */
  const hasAnsweredLately = () => now() - lastAnswerAt < LATELY_MS;

  const answered = () => {
    unanswered = 0;
    lastAnswerAt = now();
  };

  return {
    hasAnsweredLately,
    /** When the next call may be made; null when calls are not limited. */
    nextTryAt: () => (unanswered >= OPENS_AFTER && !hasAnsweredLately() ? nextTryAt : null),
    /** A call is made now. While the service is down, the next call has to wait. */
    trying() {
      nextTryAt = now() + TRY_EVERY_MS;
    },
    answered,
    /** An error of our own shows neither that the service is up nor that it is down. */
    failed(error: unknown) {
      if (error instanceof RefusedError || error instanceof RetryLaterError || error instanceof PermanentError)
        answered();
      if (!(error instanceof UnavailableError)) return;
      unanswered += 1;
      nextTryAt = now() + TRY_EVERY_MS;
    },
  };
}
