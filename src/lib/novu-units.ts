import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./durations.ts";

/** The units of Novu's delays and digests, in milliseconds. */
export const NOVU_UNITS_MS: Record<string, number> = {
  seconds: SECOND_MS,
  minutes: MINUTE_MS,
  hours: HOUR_MS,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: 30 * DAY_MS,
};
