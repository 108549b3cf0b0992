import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../lib/durations.ts";

/** How long to wait; the parts add up. */
export interface Duration {
  days?: number;
  hours?: number;
  minutes?: number;
}

/** A length as Novu takes it. */
export interface Length {
  amount: number;
  unit: "days" | "hours" | "minutes" | "seconds";
}

const UNITS = [
  { unit: "days", ms: DAY_MS },
  { unit: "hours", ms: HOUR_MS },
  { unit: "minutes", ms: MINUTE_MS },
] as const;

export function toMs({ days = 0, hours = 0, minutes = 0 }: Duration): number {
  return ((days * 24 + hours) * 60 + minutes) * MINUTE_MS;
}

/** Milliseconds as an amount of the largest unit without a rest; minutes are rounded up. */
export function inLargestUnit(ms: number): { amount: number; unit: "days" | "hours" | "minutes" } {
  const { unit, ms: unitMs } = UNITS.find((candidate) => ms % candidate.ms === 0) ?? UNITS[2];
  return { unit, amount: Math.ceil(ms / unitMs) };
}

export function inSeconds(ms: number): Length {
  return { amount: Math.ceil(ms / SECOND_MS), unit: "seconds" };
}

type Delay = { id: string } & ReturnType<typeof inLargestUnit>;

/** One wait as delay steps of which none is longer than `longestMs`: `id`, `id-2`, `id-3` and so on. */
export function splitWait(id: string, duration: Duration, longestMs: number): Delay[] {
  const totalMs = toMs(duration);
  if (!(totalMs > 0)) throw new Error(`wait "${id}" has to be longer than 0 minutes`);

  const delays: Delay[] = [];
  for (let leftMs = totalMs; leftMs > 0; leftMs -= longestMs) {
    delays.push({
      id: delays.length === 0 ? id : `${id}-${delays.length + 1}`,
      ...inLargestUnit(Math.min(leftMs, longestMs)),
    });
  }
  return delays;
}
