import { DAY_MS, HOUR_MS } from "../lib/durations.ts";

/** Milliseconds since 1970; `until` is null for a period without an end. */
export interface CountPeriod {
  from: number;
  until: number | null;
  /** Whether it is a whole day, or whole hours, in which little changes any more. */
  isSettled: boolean;
}

const SETTLED_AFTER_MS = 2 * HOUR_MS;
const HOURS_MS = 4 * HOUR_MS;
const HOURS_WITHIN_MS = DAY_MS;
/** Days are counted one by one; before, in one period. */
const DAYS_WITHIN_MS = 32 * DAY_MS;

/** The time since `since` in parts: days, then four hours each, then the last hours until now. */
export function countPeriods(since: number, now: number): CountPeriod[] {
  const [firstDay, firstHour] = [startOf(DAY_MS, now - DAYS_WITHIN_MS), startOf(DAY_MS, now - HOURS_WITHIN_MS)];
  const settled = startOf(HOURS_MS, now - SETTLED_AFTER_MS);
  const periods: CountPeriod[] = [];
  let from = since;
  while (from < settled) {
    const length = from < firstHour ? DAY_MS : HOURS_MS;
    const until = from < firstDay ? firstDay : Math.min(startOf(length, from) + length, settled);
    periods.push({ from, until, isSettled: from >= firstDay && from === startOf(length, from) });
    from = until;
  }
  return [...periods, { from, until: null, isSettled: false }];
}

function startOf(length: number, time: number): number {
  return Math.floor(time / length) * length;
}

/** Reads the counts of a period, and keeps those of a settled one for the time that `keptMs` gives, which may be 0. */
export function keepingSettled<Row>(
  read: (period: CountPeriod) => Promise<Row[]>,
  { keptMs, now }: { keptMs(rows: Row[]): number; now(): number },
): (period: CountPeriod) => Promise<Row[]> {
  const kept = new Map<string, { rows: Row[]; until: number }>();
  return async (period) => {
    for (const [key, { until }] of kept) if (until <= now()) kept.delete(key);
    const key = `${period.from} ${period.until}`;
    const known = kept.get(key);
    if (known !== undefined) return known.rows;
    const rows = await read(period);
    if (period.isSettled && keptMs(rows) > 0) kept.set(key, { rows, until: now() + keptMs(rows) });
    return rows;
  };
}
