/** Lets few calls through to a service that is down, and notices soon when it is back. */
export interface Breaker {
  /** When the next try may be made; null when any number may at any time. */
  nextTryAt(): number | null;
  /** A try is being made now; while the service is down, the next one is some time away. */
  trying(): void;
  /** The service has answered, whatever it said. */
  answered(): void;
  /** No answer came, or one that says the service is down. */
  unavailable(): void;
  /** Whether it has answered so lately that it is hardly down. */
  hasAnsweredLately(): boolean;
}

const OPENS_AFTER = 3;
/** Work goes on at most so long after the service is back. */
const TRY_EVERY_MS = 2_000;
/** So long after an answer, failures are those of single jobs. */
const LATELY_MS = 5_000;

/** Opens after three tries in a row, and five seconds, without an answer; then lets one through every two seconds until one is answered. */
export function createBreaker({ now }: { now: () => number }): Breaker {
  let inVain = 0;
  let nextTryAt = 0;
  let lastAnswerAt = Number.NEGATIVE_INFINITY;

  return {
    nextTryAt: () => (inVain >= OPENS_AFTER && !hasAnsweredLately() ? nextTryAt : null),
    trying() {
      nextTryAt = now() + TRY_EVERY_MS;
    },
    answered() {
      inVain = 0;
      lastAnswerAt = now();
    },
    unavailable() {
      inVain += 1;
      nextTryAt = now() + TRY_EVERY_MS;
    },
    hasAnsweredLately,
  };

  function hasAnsweredLately(): boolean {
    return now() - lastAnswerAt < LATELY_MS;
  }
}
