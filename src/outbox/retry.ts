import { MINUTE_MS, SECOND_MS } from "../lib/durations.ts";

const FIRST_MS = SECOND_MS;
const LONGEST_MS = 10 * MINUTE_MS;

/** With the waits below, about an hour and a half of trying. */
export const MOST_ATTEMPTS = 18;

/** How long to wait after the n-th failure, from 1: 1 s, 2 s, 4 s … 10 min, less up to half of it so that waits do not meet. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (1 - random() / 2));
}
