import { setTimeout as sleep } from "node:timers/promises";

/** The value, or null when it takes longer than `withinMs` or fails. */
export async function valueWithin<Value>(asked: Promise<Value>, withinMs: number): Promise<Value | null> {
  const late = new AbortController();
  const tooLate = sleep(withinMs, null, { signal: late.signal }).catch(() => null);
  try {
    return await Promise.race([asked.catch(() => null), tooLate]);
  } finally {
    late.abort();
  }
}
