import type { AnsweredStep, StepResult } from "./step.ts";
import { durationMs, isDuration, isoTimeMs, valueAt } from "./waiting-time.ts";

/** The units of a window. Novu reads any other unit as minutes. */
const UNITS = ["minutes", "hours", "days"];

/**
 * Lets `threshold` runs of a subscriber, workflow and key pass in a window, which starts with the first of them. The
 * other runs skip their remaining steps. Novu calls the bridge once to count the run and again to run the step. No plan
 * limits the window.
 */
export function throttle({ state, run, job, outputs, now }: AnsweredStep): StepResult {
  if (job.window !== undefined) return { status: "completed" };
  const windowMs = windowMsOf(run.payload, outputs, now);
  const key = keyOf(outputs.throttleKey, run.payload);
  // Without a valid window Novu lets every run pass.
  if (windowMs === null) return { status: "running", window: { key, endsAt: now } };
  if (windowMs <= 0) throw new Error("Dynamic throttle window must be in the future");

  const passed = state.runs
    .filter(({ workflowId, subscriberId }) => workflowId === run.workflowId && subscriberId === run.subscriberId)
    .flatMap(({ jobs }) => jobs.filter(({ stepId }) => stepId === job.stepId))
    .flatMap(({ window }) => (window !== undefined && window.key === key && window.endsAt > now ? [window] : []));
  if (passed.length >= Number(outputs.threshold ?? 1)) return { status: "skipped", rest: "skipped" };
  return { status: "running", window: { key, endsAt: passed[0]?.endsAt ?? now + windowMs } };
}

function windowMsOf(payload: Record<string, unknown>, outputs: Record<string, unknown>, now: number): number | null {
  if (outputs.type !== "dynamic") return isDuration(outputs) ? lengthMs(outputs) : null;
  const value = valueAt(payload, String(outputs.dynamicKey).replace("payload.", ""));
  if (isDuration(value)) return lengthMs(value);
  const timeMs = isoTimeMs(value);
  return timeMs === null ? null : timeMs - now;
}

function lengthMs({ amount, unit }: { amount: unknown; unit: unknown }): number {
  return durationMs({ amount, unit: UNITS.includes(String(unit)) ? unit : "minutes" });
}

/** The value at that path of the payload, or the key itself. */
function keyOf(throttleKey: unknown, payload: Record<string, unknown>): string {
  const key = String(throttleKey ?? "");
  return key === "" ? "" : `${key}:${String(valueAt(payload, key) ?? key)}`;
}
