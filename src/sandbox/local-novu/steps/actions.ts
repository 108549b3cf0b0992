import { CronExpressionParser } from "cron-parser";
import { NOVU_UNITS_MS } from "../../../lib/durations.ts";
import { find, type Job, type NovuRun, type NovuState } from "../state.ts";
import { nextWithin } from "./schedule.ts";
import type { AnsweredStep, Plan, StepResult } from "./step.ts";

/**
 * Waits for `{amount, unit}`, or until the next time of `{cron}`, or until the time at `{dynamicKey}`. Throws if the
 * length or the time is not valid.
 */
export function delay(step: AnsweredStep): StepResult {
  const waitMs = waitMsOf(step);
  assertPlanAllows(waitMs, step.plan);
  return { status: "delayed", wakesAt: wakesAt(step, waitMs) };
}

/** The end of a wait; with `extendToSchedule` the next time that the subscriber's Schedule is open. */
function wakesAt({ state, run, outputs, now }: AnsweredStep, waitMs: number): number {
  if (outputs.extendToSchedule !== true) return now + waitMs;
  const { schedules, subscribers } = state;
  return nextWithin(schedules[run.subscriberId], now + waitMs, subscribers[run.subscriberId]?.timezone);
}

function waitMsOf({ state, run, outputs, now }: AnsweredStep): number {
  if (typeof outputs.cron === "string")
    return msUntilCron(outputs.cron, now, state.subscribers[run.subscriberId]?.timezone);
  if (typeof outputs.dynamicKey === "string") return dynamicMs(run.payload, outputs.dynamicKey, now);
  return durationMs(outputs);
}

/** The value at `key`, which starts with "payload.", as a wait in milliseconds. */
function dynamicMs(payload: Record<string, unknown>, key: string, now: number): number {
  const value = valueAt({ payload }, key);
  if (value === undefined || value === null) throw new Error(`Dynamic delay key '${key}' not found in payload`);
  if (isDuration(value)) return durationMs(value);
  const timeMs = isoTimeMs(value);
  if (timeMs === null) throw new Error(`Dynamic delay key '${key}' holds neither an ISO time nor {amount, unit}`);
  if (timeMs < now) throw new Error(`Dynamic delay timestamp '${String(value)}' must be a future date`);
  return timeMs - now;
}

interface DigestJob {
  run: NovuRun;
  job: Job;
}

/**
 * The first digest of a subscriber, workflow and key waits. Later ones are merged into it, and their runs end. With a
 * look-back window, a digest without another one in that window is skipped, and its run continues at once. Throws when
 * the plan does not allow the wait.
 */
export function digest(step: AnsweredStep): StepResult {
  const { state, plan, run, job, outputs, now } = step;
  const key = String(outputs.digestKey ?? "");
  const others = digestsLike(state, run).filter((other) => other.job !== job && other.job.digest?.key === key);

  const { lookBackWindow } = outputs;
  if (isDuration(lookBackWindow) && !others.some(precedes(run, now - durationMs(lookBackWindow))))
    return { status: "skipped", digest: { key, mergedInto: null } };

  const main = others.find((other) => other.job.status === "delayed");
  if (main !== undefined) return { status: "merged", digest: { key, mergedInto: main.job.id }, rest: "merged" };

  const waitMs =
    typeof outputs.cron === "string"
      ? msUntilCron(outputs.cron, now, state.subscribers[run.subscriberId]?.timezone)
      : durationMs(outputs);
  assertPlanAllows(waitMs, plan);
  return { status: "delayed", wakesAt: wakesAt(step, waitMs), digest: { key, mergedInto: null } };
}

/** The outputs of a digest for later steps: its event and the merged digests' events, in the order of the triggers. */
export function digestedEvents(state: NovuState, { run, job }: DigestJob): Record<string, unknown> {
  const order = find(state).runsLike(run);
  const events = [...followersOf(state, run, job), { run, job }]
    .sort((a, b) => order.indexOf(a.run) - order.indexOf(b.run))
    .map((one) => ({ id: one.job.id, time: new Date(one.run.startedAt).toISOString(), payload: one.run.payload }));
  return { events, eventCount: events.length };
}

/**
 * Replaces a canceled digest by the earliest digest that was merged into it. The new one waits until the same time, and
 * gets the other merged digests. Returns null if no digest was merged.
 */
export function promoteFollower(state: NovuState, canceled: DigestJob): DigestJob | null {
  const [next, ...others] = followersOf(state, canceled.run, canceled.job);
  if (next === undefined) return null;
  const key = next.job.digest?.key ?? "";
  Object.assign(next.job, {
    status: "delayed",
    wakesAt: canceled.job.wakesAt,
    digest: { key, mergedInto: null },
  } satisfies Partial<Job>);
  for (const later of next.run.jobs.slice(next.run.jobs.indexOf(next.job) + 1)) later.status = "pending";
  for (const { job } of others) job.digest = { key, mergedInto: next.job.id };
  return next;
}

/** Novu does not count digests that wait or were merged. */
function precedes(run: NovuRun, since: number): (other: DigestJob) => boolean {
  return (other) =>
    (other.job.status === "skipped" || other.job.status === "completed") &&
    other.run.startedAt >= since &&
    other.run.startedAt <= run.startedAt;
}

function followersOf(state: NovuState, run: NovuRun, { id }: Job): DigestJob[] {
  return digestsLike(state, run).filter(({ job }) => job.status === "merged" && job.digest?.mergedInto === id);
}

/** All digests of the run's subscriber and workflow, in the order of their triggers. */
function digestsLike(state: NovuState, like: NovuRun): DigestJob[] {
  return find(state)
    .runsLike(like)
    .flatMap((run) => run.jobs.filter(({ type }) => type === "digest").map((job) => ({ run, job })));
}

/** The units of a throttle's window. Novu reads any other unit as minutes. */
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

  const passed = find(state)
    .runsLike(run)
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

/** The value at the path `throttleKey` of the payload. Without such a value the key is the text `throttleKey`. */
function keyOf(throttleKey: unknown, payload: Record<string, unknown>): string {
  const key = String(throttleKey ?? "");
  return key === "" ? "" : `${key}:${String(valueAt(payload, key) ?? key)}`;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z?$/;

/** `{amount, unit}` in milliseconds; a month has 30 days. Throws on anything else. */
function durationMs({ amount, unit }: { amount?: unknown; unit?: unknown }): number {
  const ms = Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? Number.NaN);
  if (Number.isNaN(ms) || ms < 0) throw new Error(`"${String(amount)} ${String(unit)}" is not a duration`);
  return ms;
}

/** The wait until the cron expression's next time in a timezone (UTC when null). Throws if there is no next time. */
function msUntilCron(cron: string, now: number, timezone: string | null | undefined): number {
  const tz = timezone ?? "UTC";
  try {
    return CronExpressionParser.parse(cron, { currentDate: now, tz }).next().getTime() - now;
  } catch (error) {
    throw new Error(`cron "${cron}" has no next time in ${tz}`, { cause: error });
  }
}

/** The time of an ISO text; null for any other value. A text without "Z" is in UTC, as on Novu's servers. */
function isoTimeMs(value: unknown): number | null {
  if (typeof value !== "string" || !ISO_TIME.test(value)) return null;
  const timeMs = Date.parse(value.endsWith("Z") ? value : `${value}Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}

function isDuration(value: unknown): value is { amount: unknown; unit: unknown } {
  return typeof value === "object" && value !== null && "amount" in value && "unit" in value;
}

/** The inner value at a path such as "a.b"; undefined if there is none. */
function valueAt(value: unknown, path: string): unknown {
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

/** Throws Novu's error if the wait is longer than the plan allows. */
function assertPlanAllows(waitMs: number, plan: Plan): void {
  if (waitMs > plan.longestDelayMs) throw new Error("Defer duration limit exceeded");
}
