import { MINUTE_MS, SECOND_MS } from "./durations.ts";
import { RetryLaterError, UnavailableError } from "./errors.ts";
import { type Sleep, sleep as sleepByTheClock } from "./sleep.ts";

const MOST_TRIES = 4;
const FIRST_PAUSE_MS = SECOND_MS;
/** Instead of a longer pause, the error says when to come back. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

export interface RetryOptions {
  signal: AbortSignal;
  sleep?: Sleep | undefined;
  /** Hears of each pause before it begins. */
  onPause?: ((pause: { why: string; pauseMs: number }) => void) | undefined;
}

/** Tries again what fails by a RetryLaterError or an UnavailableError, four times in all, with the pauses asked for. */
export async function withRetries<Value>(
  run: () => Promise<Value>,
  { signal, sleep = sleepByTheClock, onPause }: Partial<RetryOptions>,
): Promise<Value> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      const pauseMs = pauseAfter(error, failures);
      if (pauseMs === null || failures === MOST_TRIES) throw error;
      if (pauseMs > LONGEST_PAUSE_MS)
        throw new Error(`come back in ${Math.ceil(pauseMs / MINUTE_MS)} minutes`, { cause: error });
      onPause?.({ why: (error as Error).message, pauseMs });
      await sleep(pauseMs, signal);
    }
  }
}

function pauseAfter(error: unknown, failures: number): number | null {
  if (error instanceof RetryLaterError) return error.retryAfterMs;
  return error instanceof UnavailableError ? FIRST_PAUSE_MS * 2 ** (failures - 1) : null;
}
