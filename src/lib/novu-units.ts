const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

/** The units of Novu's delays and digests, in milliseconds. */
export const NOVU_UNITS_MS: Record<string, number> = {
  seconds: SECOND_MS,
  minutes: 60 * SECOND_MS,
  hours: 60 * 60 * SECOND_MS,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: 30 * DAY_MS,
};
