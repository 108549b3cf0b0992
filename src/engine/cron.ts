import { isTimeZone } from "../lib/time-zone.ts";

/** The next times of an expression that are looked at for its longest wait: more than a year of weeks. */
const LOOKED_AT = 60;

/** The milliseconds until the expression's next time, in a time zone (UTC if unknown). Throws if there is none. */
export async function msUntilCron(
  cron: string,
  { now, timeZone }: { now: number; timeZone: string | null | undefined },
): Promise<number> {
  // Loaded at the first use, because most workflows have no cron expression, and loading takes 70 ms.
  const { CronExpressionParser } = await import("cron-parser");
  const tz = timeZone != null && isTimeZone(timeZone) ? timeZone : "UTC";
  try {
    return CronExpressionParser.parse(cron, { currentDate: now, tz }).next().getTime() - now;
  } catch (error) {
    throw new Error(`cron "${cron}" has no next time in ${tz}`, { cause: error });
  }
}

/** The longest time between two times of the expression, in milliseconds. Throws for an expression without times. */
export async function longestCronMs(cron: string, now: number): Promise<number> {
  let longestMs = 0;
  for (let count = 0, at = now; count < LOOKED_AT; count += 1) {
    const ms = await msUntilCron(cron, { now: at, timeZone: "UTC" });
    if (count > 0) longestMs = Math.max(longestMs, ms);
    at += ms;
  }
  return longestMs;
}
