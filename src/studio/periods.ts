import { DAY_MS } from "../lib/durations.ts";

/** The periods of the numbers. */
const PERIODS = [
  { id: "24h", name: "24 hours", ms: DAY_MS },
  { id: "7d", name: "7 days", ms: 7 * DAY_MS },
  { id: "30d", name: "30 days", ms: 30 * DAY_MS },
] as const;

export interface Period {
  id: string;
  name: string;
  ms: number;
}

/** The period with this id; a day if there is none. */
export function periodOf(text: string | undefined): Period {
  return PERIODS.find(({ id }) => id === text) ?? PERIODS[0];
}

/** One tab for each period. */
export function periodTabs(path: string, current: string): Array<{ name: string; to: string; isCurrent: boolean }> {
  return PERIODS.map(({ id, name }) => ({ name, to: `${path}?period=${id}`, isCurrent: id === current }));
}
