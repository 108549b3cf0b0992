import { Temporal } from "temporal-polyfill";
import { isTimeZone } from "../../../lib/time-zone.ts";
import { type DaySchedule, type Schedule, WEEKDAYS } from "../state.ts";

const TIME = /^(\d{1,2}):(\d{2}) (AM|PM)$/;

/** Whether a moment is within a subscriber's hours, on the clock of their time zone; the last minute of a range is in it. */
export function isWithin(schedule: Schedule | undefined, now: number, timeZone: string | null | undefined): boolean {
  if (!schedule?.isEnabled || schedule.weeklySchedule === undefined) return true;
  const zone = timeZone != null && isTimeZone(timeZone) ? timeZone : "UTC";
  const { dayOfWeek, hour, minute } = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  const at = hour * 60 + minute;
  const today = schedule.weeklySchedule[WEEKDAYS[dayOfWeek - 1] ?? "monday"];
  const yesterday = schedule.weeklySchedule[WEEKDAYS[(dayOfWeek + 5) % 7] ?? "monday"];
  return (
    rangesOf(today).some(({ from, to }) => (from <= to ? from <= at && at <= to : at >= from)) ||
    rangesOf(yesterday).some(({ from, to }) => to < from && at <= to)
  );
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
