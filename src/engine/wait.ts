import { DAY_MS, HOUR_MS, MINUTE_MS, NOVU_UNITS_MS } from "../lib/durations.ts";

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

const UNITS = [
  { unit: "days", ms: DAY_MS },
  { unit: "hours", ms: HOUR_MS },
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

/** A duration as the amount and unit of one step. */
export function asOneDelay(duration: Duration): Pick<Delay, "amount" | "unit"> {
  return inLargestUnit(toMs(duration));
}

/**
 * The length of a Novu delay in milliseconds: `{amount, unit}`, or the payload's value at its `dynamicKey`, which may
 * also be a time. 0 for a length that is unknown here, such as that of a `cron`.
 */
export function lengthOf(delay: object, { payload, now }: { payload: Record<string, unknown>; now: number }): number {
  const { dynamicKey } = delay as { dynamicKey?: unknown };
  const value = typeof dynamicKey === "string" ? valueAt({ payload }, dynamicKey) : delay;
  if (typeof value === "string") return Math.max(0, Date.parse(/z$/i.test(value) ? value : `${value}Z`) - now) || 0;
  const { amount, unit } = (value ?? {}) as { amount?: unknown; unit?: unknown };
  return Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? 0) || 0;
}

/** "payload.a.b" */
function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root);
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
