import { Temporal } from "temporal-polyfill";
import { DAY_MS, MINUTE_MS } from "../../../lib/durations.ts";
import { isTimeZone } from "../../../lib/time-zone.ts";
import { type DaySchedule, type Schedule, WEEKDAYS } from "../state.ts";

const TIME = /^(\d{1,2}):(\d{2}) (AM|PM)$/;

/**
 * Whether a moment is within a subscriber's schedule, in the subscriber's time zone. A range includes its last minute.
 * As in Novu, a range over midnight also covers the first hours of its own day; and if a day has such a range, all
 * ranges of that day count on the next day too.
 */
export function isWithin(schedule: Schedule | undefined, now: number, timeZone: string | null | undefined): boolean {
  if (!schedule?.isEnabled || schedule.weeklySchedule === undefined) return true;
  const zone = timeZone != null && isTimeZone(timeZone) ? timeZone : "UTC";
  const { dayOfWeek, hour, minute } = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  const at = hour * 60 + minute;
  const today = rangesOf(schedule.weeklySchedule[WEEKDAYS[dayOfWeek - 1] ?? "monday"]);
  const yesterday = rangesOf(schedule.weeklySchedule[WEEKDAYS[(dayOfWeek + 5) % 7] ?? "monday"]);
  const counting = yesterday.some(isOverMidnight) ? [...today, ...yesterday] : today;
  return counting.some((range) => {
    const { from, to } = range;
    return isOverMidnight(range) ? at >= from || at <= to : from <= at && at <= to;
  });
}

function isOverMidnight({ from, to }: { from: number; to: number }): boolean {
  return to < from;
}

function rangesOf(day: DaySchedule | undefined): Array<{ from: number; to: number }> {
  if (!day?.isEnabled) return [];
  return (day.hours ?? []).map(({ start, end }) => ({ from: minutesOf(start), to: minutesOf(end) }));
}

/** "09:00 AM" → 540 */
function minutesOf(time: string): number {
  const [, hours, minutes, half] = TIME.exec(time) ?? [];
  return (Number(hours) % 12) * 60 + Number(minutes) + (half === "PM" ? 12 * 60 : 0);
}

/** The first full minute from `now` that is within the schedule; `now` if it is, or if no minute of the week is. */
export function nextWithin(schedule: Schedule | undefined, now: number, timeZone: string | null | undefined): number {
  if (isWithin(schedule, now, timeZone)) return now;
  const first = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  for (let at = first; at <= first + 7 * DAY_MS; at += MINUTE_MS) if (isWithin(schedule, at, timeZone)) return at;
  return now;
}
