/** Keeps a service that is down from being hammered, and notices soon when it is back. */
export interface Breaker {
  /** When the next try may be made; null when any number may at any time. */
  nextTryAt(): number | null;
  /** A try is being made now; while the service is down, the next one is some time away. */
  trying(): void;
  /** The service has answered, whatever it said. */
  answered(): void;
  /** No answer came, or one that says the service is down. */
  unavailable(): void;
}

const OPENS_AFTER = 3;
/** Work goes on at most so long after the service is back. */
const TRY_EVERY_MS = 4_000;

/** Opens after three tries in a row without an answer; then lets one through every four seconds until one is answered. */
export function createBreaker({ now }: { now: () => number }): Breaker {
  let inVain = 0;
  let nextTryAt = 0;

  return {
    nextTryAt: () => (inVain >= OPENS_AFTER ? nextTryAt : null),
    trying() {
      nextTryAt = now() + TRY_EVERY_MS;
    },
    answered() {
      inVain = 0;
    },
    unavailable() {
      inVain += 1;
      nextTryAt = now() + TRY_EVERY_MS;
    },
  };
}
