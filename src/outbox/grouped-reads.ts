/** Requests within this time are one group. */
const GROUP_MS = 20;

export interface GroupedReads {
  /** 0 when a read may be made now. */
  waitMs(): number;
}

/**
 * Lets all reads of one moment pass, because they share a request, and then none for `everyMs`: many small requests
 * become a few large ones.
 */
export function createGroupedReads({ everyMs, now }: { everyMs: number; now: () => number }): GroupedReads {
  let openedAt = Number.NEGATIVE_INFINITY;
  return {
    waitMs() {
      const sinceMs = now() - openedAt;
      if (sinceMs >= 0 && sinceMs < GROUP_MS) return 0;
      if (sinceMs >= 0 && sinceMs < everyMs) return everyMs - sinceMs;
      openedAt = now();
      return 0;
    },
  };
}
