const FIRST_MS = 1_000;
const LONGEST_MS = 10 * 60_000;

/** With the waits below, about an hour and a half of trying. */
export const MOST_ATTEMPTS = 18;

/** How long to wait after the n-th failure, from 1: 1 s, 2 s, 4 s … 10 min, less up to half of it so that waits do not meet. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (1 - random() / 2));
}
