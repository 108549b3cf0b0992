import { MINUTE_MS, SECOND_MS } from "./durations.ts";
import { RetryLaterError, UnavailableError } from "./errors.ts";
import { sleep as realSleep, type Sleep } from "./sleep.ts";

const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_MS = SECOND_MS;
/** For a longer pause it rejects, and the error says when to try again. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

export interface RetryOptions {
  signal: AbortSignal;
  sleep?: Sleep | undefined;
  /** Called before each pause. */
  onPause?: ((pause: { why: string; pauseMs: number }) => void) | undefined;
}

/** Retries a RetryLaterError or an UnavailableError, up to four attempts in all, with the pauses that they ask for. */
export async function withRetries<Value>(
  run: () => Promise<Value>,
  { signal, sleep = realSleep, onPause }: Partial<RetryOptions>,
): Promise<Value> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      const pauseMs = pauseAfter(error, failures);
      if (pauseMs === null || failures === MOST_ATTEMPTS) throw error;
      if (pauseMs > LONGEST_PAUSE_MS)
        throw new Error(`try again in ${Math.ceil(pauseMs / MINUTE_MS)} minutes`, { cause: error });
      onPause?.({ why: (error as Error).message, pauseMs });
      await sleep(pauseMs, signal);
    }
  }
}

function pauseAfter(error: unknown, failures: number): number | null {
  if (error instanceof RetryLaterError) return error.retryAfterMs;
  return error instanceof UnavailableError ? FIRST_PAUSE_MS * 2 ** (failures - 1) : null;
}
