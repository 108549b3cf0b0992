import { DAY_MS, HOUR_MS } from "../lib/durations.ts";

/** Milliseconds since 1970; `until` is null for a period without an end. */
export interface CountPeriod {
  from: number;
  until: number | null;
  /** Whether it is a whole day or hour in which little changes any more. */
  isSettled: boolean;
}

const SETTLED_AFTER_MS = 2 * HOUR_MS;
/** Days are counted one by one; before, in one period. */
const HOURS_WITHIN_MS = DAY_MS;
const DAYS_WITHIN_MS = 32 * DAY_MS;

/** The time since `since` in parts: days, then hours, then the last hours until now. */
export function countPeriods(since: number, now: number): CountPeriod[] {
  const [firstDay, firstHour] = [startOf(DAY_MS, now - DAYS_WITHIN_MS), startOf(DAY_MS, now - HOURS_WITHIN_MS)];
  const settled = startOf(HOUR_MS, now - SETTLED_AFTER_MS);
  const periods: CountPeriod[] = [];
  let from = since;
  while (from < settled) {
    const length = from < firstHour ? DAY_MS : HOUR_MS;
    const until = from < firstDay ? firstDay : Math.min(startOf(length, from) + length, settled);
    periods.push({ from, until, isSettled: from >= firstDay && from === startOf(length, from) });
    from = until;
  }
  return [...periods, { from, until: null, isSettled: false }];
}

function startOf(length: number, time: number): number {
  return Math.floor(time / length) * length;
}
