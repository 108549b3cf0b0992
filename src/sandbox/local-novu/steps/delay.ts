import type { AnsweredStep, StepResult } from "./step.ts";
import { assertPlanAllows, durationMs, isDuration, isoTimeMs, msUntilCron, valueAt } from "./waiting-time.ts";

/** Waits for `{amount, unit}`, for the next time of `{cron}`, or for the time at `{dynamicKey}`. Throws without a valid time. */
export function delay(step: AnsweredStep): StepResult {
  const waitMs = waitMsOf(step);
  assertPlanAllows(waitMs, step.plan);
  return { status: "delayed", wakesAt: step.now + waitMs };
}

function waitMsOf({ state, run, outputs, now }: AnsweredStep): number {
  if (typeof outputs.cron === "string")
    return msUntilCron(outputs.cron, now, state.subscribers[run.subscriberId]?.timezone);
  if (typeof outputs.dynamicKey === "string") return dynamicMs(run.payload, outputs.dynamicKey, now);
  return durationMs(outputs);
}

/** The key starts with "payload.". */
function dynamicMs(payload: Record<string, unknown>, key: string, now: number): number {
  const value = valueAt({ payload }, key);
  if (value === undefined || value === null) throw new Error(`Dynamic delay key '${key}' not found in payload`);
  if (isDuration(value)) return durationMs(value);
  const timeMs = isoTimeMs(value);
  if (timeMs === null) throw new Error(`Dynamic delay key '${key}' holds neither an ISO time nor {amount, unit}`);
  if (timeMs < now) throw new Error(`Dynamic delay timestamp '${String(value)}' must be a future date`);
  return timeMs - now;
}
