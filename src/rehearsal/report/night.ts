import { Temporal } from "temporal-polyfill";
import { DAY_MS, HOUR_MS } from "../../lib/durations.ts";
import { isTimeZone } from "../../lib/time-zone.ts";
import { getOrMake } from "./tally.ts";

const NIGHT_BEGINS = 22 * HOUR_MS;
const NIGHT_ENDS = 7 * HOUR_MS;

/** A time in which the clocks of a time zone do not change. */
interface Period {
  from: number;
  /** Not included. */
  until: number;
  offset: number;
}

/** There are fewer time zones, but a name may be written in several ways. */
const MOST_REMEMBERED = 1_000;
/** By time zone: Temporal takes 30 µs for one moment. */
const remembered = new Map<string, Period[]>();

/** Whether it is between 22:00 and 07:00 in a time zone. An unknown time zone counts as UTC. */
export function isNight(at: number, timeZone: string): boolean {
  const zone = isTimeZone(timeZone) ? timeZone : "UTC";
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const periods = getOrMake(remembered, zone, () => []);
  const clock = modulo(at + offsetAt(periods, at, zone), DAY_MS);
  return clock >= NIGHT_BEGINS || clock < NIGHT_ENDS;
}

function offsetAt(periods: Period[], at: number, timeZone: string): number {
  const found = periods.find(({ from, until }) => from <= at && at < until);
  if (found !== undefined) return found.offset;
  const moment = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const until = moment.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
  const later = periods.find((period) => period.until === until);
  if (later === undefined) periods.push({ from: at, until, offset: moment.offsetNanoseconds / 1_000_000 });
  else later.from = at;
  return moment.offsetNanoseconds / 1_000_000;
}

/** Never negative, unlike %. */
function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
