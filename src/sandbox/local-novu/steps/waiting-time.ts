import { CronExpressionParser } from "cron-parser";
import { NOVU_UNITS_MS } from "../../../lib/durations.ts";
import type { Plan } from "./step.ts";

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z?$/;

/** `{amount, unit}` in milliseconds; a month has 30 days. Throws on anything else. */
export function durationMs({ amount, unit }: { amount?: unknown; unit?: unknown }): number {
  const ms = Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? Number.NaN);
  if (Number.isNaN(ms) || ms < 0) throw new Error(`"${String(amount)} ${String(unit)}" is not a duration`);
  return ms;
}

/** Until the expression's next time in that timezone (UTC when null). Throws without a next time. */
export function msUntilCron(cron: string, now: number, timezone: string | null | undefined): number {
  const tz = timezone ?? "UTC";
  try {
    return CronExpressionParser.parse(cron, { currentDate: now, tz }).next().getTime() - now;
  } catch (error) {
    throw new Error(`cron "${cron}" has no next time in ${tz}`, { cause: error });
  }
}

/** null for any other text. Without an offset the time is in UTC, as on Novu's servers. */
export function isoTimeMs(value: unknown): number | null {
  if (typeof value !== "string" || !ISO_TIME.test(value)) return null;
  const timeMs = Date.parse(value.endsWith("Z") ? value : `${value}Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}

export function isDuration(value: unknown): value is { amount: unknown; unit: unknown } {
  return typeof value === "object" && value !== null && "amount" in value && "unit" in value;
}

/** "a.b" of `value`; undefined without such a path. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

/** Throws Novu's error for such a step. */
export function assertPlanAllows(waitMs: number, plan: Plan): void {
  if (waitMs > plan.longestDelayMs) throw new Error("Defer duration limit exceeded");
}
