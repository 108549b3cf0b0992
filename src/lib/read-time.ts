import { z } from "zod";
import { UsageError } from "./command.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./durations.ts";

const UNIT_MS: Record<string, number> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** A time without a time zone is refused, because it would depend on the machine. A date alone is midnight in UTC. */
const IsoTime = z.union([
  z.iso.datetime({ offset: true }),
  z.iso.datetime({ offset: true, precision: -1 }),
  z.iso.date(),
]);

/** `90m`, `2h` or `3d` before now, or an ISO 8601 time, in milliseconds since 1970; null for other text. */
export function readTime(text: string, now: number): number | null {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs !== undefined) return now - Number(count) * unitMs;
  return IsoTime.safeParse(text).success ? Date.parse(text) : null;
}

/** The time of a command's option. Throws a UsageError for a text that is no time. */
export function timeOption(option: string, text: string, now: number): number {
  const time = readTime(text, now);
  if (time === null)
    throw new UsageError(`${option} "${text}" is neither like 90m, 2h or 3d nor an ISO time with a time zone`);
  return time;
}
