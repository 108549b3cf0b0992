import type { Job, NovuRun, NovuState } from "../state.ts";
import type { AnsweredStep, StepResult } from "./step.ts";
import { assertPlanAllows, durationMs, isDuration, msUntilCron } from "./waiting-time.ts";

interface DigestJob {
  run: NovuRun;
  job: Job;
}

/**
 * The first digest of a subscriber, workflow and key waits. Later ones are merged into it, and their runs end. With a
 * look-back window, a digest without another one in that window is skipped, and its run continues at once. Throws when
 * the plan does not allow the wait.
 */
export function digest({ state, plan, run, job, outputs, now }: AnsweredStep): StepResult {
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
  return { status: "delayed", wakesAt: now + waitMs, digest: { key, mergedInto: null } };
}

/** The outputs of a digest for later steps: its own event and the merged ones, in the order of their triggers. */
export function digestedEvents(state: NovuState, { run, job }: DigestJob): Record<string, unknown> {
  const events = [...followersOf(state, run, job), { run, job }]
    .sort((a, b) => state.runs.indexOf(a.run) - state.runs.indexOf(b.run))
    .map((one) => ({ id: one.job.id, time: new Date(one.run.startedAt).toISOString(), payload: one.run.payload }));
  return { events, eventCount: events.length };
}

/**
 * Replaces a canceled digest by the earliest one that was merged into it, which waits for the same moment and has the
 * other merged ones. null without a merged one.
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

/** Without digests that wait or were merged, which Novu does not count. */
function precedes(run: NovuRun, since: number): (other: DigestJob) => boolean {
  return (other) =>
    (other.job.status === "skipped" || other.job.status === "completed") &&
    other.run.startedAt >= since &&
    other.run.startedAt <= run.startedAt;
}

function followersOf(state: NovuState, run: NovuRun, { id }: Job): DigestJob[] {
  return digestsLike(state, run).filter(({ job }) => job.status === "merged" && job.digest?.mergedInto === id);
}

/** All digests of that subscriber and workflow, by the time of the trigger. */
function digestsLike(state: NovuState, { workflowId, subscriberId }: NovuRun): DigestJob[] {
  return state.runs
    .filter((run) => run.workflowId === workflowId && run.subscriberId === subscriberId)
    .flatMap((run) => run.jobs.filter(({ type }) => type === "digest").map((job) => ({ run, job })));
}
