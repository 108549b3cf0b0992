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
  return partsOf(ms, ["d", "h", "min", "s"], (number, unit) => `${number} ${unit}`);
}

/** "2 hours 5 minutes", in the two largest units. */
export function durationInWords(ms: number): string {
  return partsOf(
    ms,
    ["day", "hour", "minute", "second"],
    (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`,
  );
}

function partsOf(
  ms: number,
  [day, hour, minute, second]: [string, string, string, string],
  format: (number: number, unit: string) => string,
): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), day],
    [Math.floor(seconds / 3600) % 24, hour],
    [Math.floor(seconds / 60) % 60, minute],
    [seconds % 60, second],
  ] as const;
  const from = parts.findIndex(([number]) => number > 0);
  if (from === -1) return format(0, second);
  return parts
    .slice(from, from + 2)
    .flatMap(([number, unit]) => (number > 0 ? [format(number, unit)] : []))
    .join(" ");
}
