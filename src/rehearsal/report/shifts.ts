import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";
import { add, type Tally } from "./tally.ts";

/** How much earlier, or how much later, messages are, in milliseconds; all numbers are positive. */
export interface Shift {
  count: number;
  median: number;
  least: number;
  most: number;
}

/** The shifts of messages in one direction. The memory depends on the length of the history, not on the messages. */
export interface Shifts {
  /** By the shift, to the minute, or to the hour from a day on. */
  tally: Tally;
  least: number;
  most: number;
}

export function newShifts(): Shifts {
  return { tally: new Map(), least: Number.POSITIVE_INFINITY, most: 0 };
}

export function addShift(shifts: Shifts, by: number): void {
  const unit = by < DAY_MS ? MINUTE_MS : HOUR_MS;
  add(shifts.tally, String(Math.round(by / unit) * unit));
  shifts.least = Math.min(shifts.least, by);
  shifts.most = Math.max(shifts.most, by);
}

/** Null without a shift. With an even number of shifts the median is the lesser one of the two in the middle. */
export function shiftOf({ tally, least, most }: Shifts): Shift | null {
  const sorted = [...tally].map(([by, count]) => ({ by: Number(by), count })).sort((one, other) => one.by - other.by);
  const count = sorted.reduce((all, one) => all + one.count, 0);
  let before = 0;
  for (const one of sorted) {
    before += one.count;
    if (before * 2 >= count) return { count, median: one.by, least, most };
  }
  return null;
}
