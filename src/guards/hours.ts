import { Temporal } from "temporal-polyfill";
import type { Hours } from "../contracts/send.ts";
import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/**
 * Milliseconds from `now` (whole milliseconds since 1970) until the local time in `timeZone` is within `hours`; 0 if it
 * is within them now. When the clocks
 * - go forward over `from`, the window opens at that moment; a window that is skipped as a whole opens the next day
 * - go back over `from`, the window opens at the first `from`, closes when the clocks go back, and opens at the second
 * - go back over `to`, the window closes at the first `to`, opens when the clocks go back, and closes at the second.
 * Throws a RangeError for a time zone that does not exist; `timeZoneOf` returns only existing time zones.
 */
export function untilWindow({ now, hours, timeZone }: { now: number; hours: Hours; timeZone: string }): number {
  const from = timeOfDayMs(hours.from);
  const to = timeOfDayMs(hours.to);
  let at = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  while (true) {
    const clock = clockMs(at);
    if (from < to ? from <= clock && clock < to : from <= clock || clock < to) return at.epochMilliseconds - now;
    // Until the clocks change, local time runs evenly.
    const opensAt = at.epochMilliseconds + modulo(from - clock, DAY_MS);
    const change = at.getTimeZoneTransition("next");
    if (change === null || opensAt < change.epochMilliseconds) return opensAt - now;
    at = change;
  }
}

/**
 * The first candidate that is an IANA time zone, or else the fallback. Calls `onInvalid` for each earlier candidate
 * that is not null or undefined.
 */
export function timeZoneOf(
  candidates: Array<string | null | undefined>,
  fallback: string,
  onInvalid: () => void,
): string {
  for (const candidate of candidates) {
    if (candidate === null || candidate === undefined) continue;
    if (isTimeZone(candidate)) return candidate;
    onInvalid();
  }
  return fallback;
}

/** "20:00" → milliseconds since 00:00 on the clock. */
function timeOfDayMs(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

function clockMs({ epochMilliseconds, offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return modulo(epochMilliseconds + offsetNanoseconds / 1_000_000, DAY_MS);
}

/** Never negative, unlike %. */
function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
