/** Requests within so long are one. */
const ONE_MOMENT_MS = 20;

export interface Bursts {
  waitMs(): number;
}

/**
 * Lets all of one moment through, and then nothing for a while, so that many small requests become a few
 * large ones. `waitMs` is 0 when it is open; in milliseconds.
 */
export function createBursts({ everyMs, now }: { everyMs: number; now: () => number }): Bursts {
  let openedAt = Number.NEGATIVE_INFINITY;
  return {
    waitMs() {
      const sinceMs = now() - openedAt;
      if (sinceMs >= 0 && sinceMs < ONE_MOMENT_MS) return 0;
      if (sinceMs >= 0 && sinceMs < everyMs) return everyMs - sinceMs;
      openedAt = now();
      return 0;
    },
  };
}
