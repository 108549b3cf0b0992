/** How long to wait; the parts add up. */
export interface Duration {
  days?: number;
  hours?: number;
  minutes?: number;
}

interface Delay {
  id: string;
  amount: number;
  unit: "days" | "hours" | "minutes";
}

const MINUTE_MS = 60_000;
const UNITS = [
  { unit: "days", ms: 24 * 60 * MINUTE_MS },
  { unit: "hours", ms: 60 * MINUTE_MS },
  { unit: "minutes", ms: MINUTE_MS },
] as const;

/** One wait as delay steps of which none is longer than `longestMs`: `id`, `id-2`, `id-3` and so on. */
export function splitWait(id: string, duration: Duration, longestMs: number): Delay[] {
  const totalMs = toMs(duration);
  if (!(totalMs > 0)) throw new Error(`wait "${id}" must be longer than nothing`);

  const delays: Delay[] = [];
  for (let leftMs = totalMs; leftMs > 0; leftMs -= longestMs) {
    delays.push({
      id: delays.length === 0 ? id : `${id}-${delays.length + 1}`,
      ...inLargestUnit(Math.min(leftMs, longestMs)),
    });
  }
  return delays;
}

/** A time in one step's words. */
export function asOneDelay(duration: Duration): Pick<Delay, "amount" | "unit"> {
  return inLargestUnit(toMs(duration));
}

export function toMs({ days = 0, hours = 0, minutes = 0 }: Duration): number {
  return ((days * 24 + hours) * 60 + minutes) * MINUTE_MS;
}

function inLargestUnit(ms: number): Pick<Delay, "amount" | "unit"> {
  const { unit, ms: unitMs } = UNITS.find((candidate) => ms % candidate.ms === 0) ?? {
    unit: "minutes" as const,
    ms: MINUTE_MS,
  };
  return { unit, amount: Math.ceil(ms / unitMs) };
}
