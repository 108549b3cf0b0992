export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The units of Novu's delays and digests, in milliseconds. */
export const NOVU_UNITS_MS: Record<string, number> = {
  seconds: SECOND_MS,
  minutes: MINUTE_MS,
  hours: HOUR_MS,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: 30 * DAY_MS,
};

/** "2 h 5 min", in the two largest units. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const from = parts.findIndex(([number]) => number > 0);
  if (from === -1) return "0 s";
  return parts
    .slice(from, from + 2)
    .flatMap(([number, unit]) => (number > 0 ? [`${number} ${unit}`] : []))
    .join(" ");
}
