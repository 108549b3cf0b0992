import { CronExpressionParser } from "cron-parser";
import { isTimeZone } from "../lib/time-zone.ts";

/** The next times of an expression that are looked at for its longest wait: more than a year of weeks. */
const LOOKED_AT = 60;

/** The milliseconds until the expression's next time, in a time zone (UTC if unknown). Throws if there is none. */
export function msUntilCron(
  cron: string,
  { now, timeZone }: { now: number; timeZone: string | null | undefined },
): number {
  const tz = timeZone != null && isTimeZone(timeZone) ? timeZone : "UTC";
  try {
    return CronExpressionParser.parse(cron, { currentDate: now, tz }).next().getTime() - now;
  } catch (error) {
    throw new Error(`cron "${cron}" has no next time in ${tz}`, { cause: error });
  }
}

/** The longest time between two times of the expression, in milliseconds. Throws for an expression without times. */
export function longestCronMs(cron: string, now: number): number {
  let longestMs = 0;
  for (let count = 0, at = now; count < LOOKED_AT; count += 1) {
    const ms = msUntilCron(cron, { now: at, timeZone: "UTC" });
    if (count > 0) longestMs = Math.max(longestMs, ms);
    at += ms;
  }
  return longestMs;
}
