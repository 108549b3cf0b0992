import { Temporal } from "temporal-polyfill";
import type { Hours } from "../contracts/hours.ts";
import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/**
 * Milliseconds from `now` (whole milliseconds since 1970) until the clock on the wall in `timeZone`
 * shows a time within `hours`; 0 when it does. Only what the clock shows counts, so when it is
 * - put forward over `from`, the window opens at that moment; one that is skipped as a whole opens the next day
 * - put back over `from`, it opens at the first `from`, closes when the clock goes back, and opens at the second
 * - put back over `to`, it closes at the first `to`, opens when the clock goes back, and closes at the second.
 * Throws a RangeError for a zone that does not exist; `timeZoneOf` finds one that does.
 */
export function untilWindow({ now, hours, timeZone }: { now: number; hours: Hours; timeZone: string }): number {
  const from = timeOfDayMs(hours.from);
  const to = timeOfDayMs(hours.to);
  let at = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  while (true) {
    const clock = clockMs(at);
    if (from < to ? from <= clock && clock < to : from <= clock || clock < to) return at.epochMilliseconds - now;
    // Until it is put forward or back, the clock goes like any other.
    const opensAt = at.epochMilliseconds + modulo(from - clock, DAY_MS);
    const change = at.getTimeZoneTransition("next");
    if (change === null || opensAt < change.epochMilliseconds) return opensAt - now;
    at = change;
  }
}

/**
 * The first of the candidates that is an IANA time zone, as it is written; the fallback when none
 * is. `onInvalid` is called for each candidate passed over that is there and is none.
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

/** "20:00" → what a clock shows then, in milliseconds since it showed 00:00. */
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
