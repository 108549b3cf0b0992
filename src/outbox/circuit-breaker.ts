import { SECOND_MS } from "../lib/durations.ts";

/** Lets few calls through to a service that is down, and notices soon when it is up. */
export interface CircuitBreaker {
  /** When the next call may be made; null when any number may at any time. */
  nextTryAt(): number | null;
  /** A call is made now; while the service is down, the next one has to wait. */
  trying(): void;
  /** The service has answered, with an error or without. */
  answered(): void;
  /** No answer came, or one that means the service is down. */
  unavailable(): void;
  /** Whether it has answered so lately that a failure concerns a single job only. */
  hasAnsweredLately(): boolean;
}

const OPENS_AFTER = 3;
/** The longest time between the end of an outage and the next call. */
const TRY_EVERY_MS = 2 * SECOND_MS;
const LATELY_MS = 5 * SECOND_MS;

/** Opens after three unanswered calls in a row and five seconds without an answer. Then one call every two seconds passes, until one is answered. */
export function createCircuitBreaker({ now }: { now: () => number }): CircuitBreaker {
  let unanswered = 0;
  let nextTryAt = 0;
  let lastAnswerAt = Number.NEGATIVE_INFINITY;

  return {
    nextTryAt: () => (unanswered >= OPENS_AFTER && !hasAnsweredLately() ? nextTryAt : null),
    trying() {
      nextTryAt = now() + TRY_EVERY_MS;
    },
    answered() {
      unanswered = 0;
      lastAnswerAt = now();
    },
    unavailable() {
      unanswered += 1;
      nextTryAt = now() + TRY_EVERY_MS;
    },
    hasAnsweredLately,
  };

  function hasAnsweredLately(): boolean {
    return now() - lastAnswerAt < LATELY_MS;
  }
}
