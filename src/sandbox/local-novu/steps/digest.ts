import type { Job, NovuRun, NovuState } from "../state.ts";
import type { AnsweredStep, Outcome } from "./step.ts";
import { assertPlanTakes, durationMs, isDuration, msUntilCron } from "./waiting-time.ts";

interface DigestJob {
  run: NovuRun;
  job: Job;
}

/**
 * The first digest of a subscriber, workflow and key waits; what comes meanwhile is merged into it and
 * ends there. With a look-back window, a digest that nothing preceded within it is skipped: its run goes
 * on at once. Throws when the wait is none that the plan takes.
 */
export function digest({ state, plan, run, job, outputs, now }: AnsweredStep): Outcome {
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
  assertPlanTakes(waitMs, plan);
  return { status: "delayed", wakesAt: now + waitMs, digest: { key, mergedInto: null } };
}

/** What later steps are told: the run's own event and the merged ones, in the order of their triggers. */
export function digestedEvents(state: NovuState, { run, job }: DigestJob): Record<string, unknown> {
  const events = [...followersOf(state, run, job), { run, job }]
    .sort((a, b) => state.runs.indexOf(a.run) - state.runs.indexOf(b.run))
    .map((one) => ({ id: one.job.id, time: new Date(one.run.startedAt).toISOString(), payload: one.run.payload }));
  return { events, eventCount: events.length };
}

/**
 * After a waiting digest was canceled: the earliest one that was merged into it waits in its place, for
 * the same moment, and keeps the others. null when there is none.
 */
export function promoteFollower(state: NovuState, canceled: DigestJob): DigestJob | null {
  const [heir, ...others] = followersOf(state, canceled.run, canceled.job);
  if (heir === undefined) return null;
  const key = heir.job.digest?.key ?? "";
  Object.assign(heir.job, {
    status: "delayed",
    wakesAt: canceled.job.wakesAt,
    digest: { key, mergedInto: null },
  } satisfies Partial<Job>);
  for (const later of heir.run.jobs.slice(heir.run.jobs.indexOf(heir.job) + 1)) later.status = "pending";
  for (const { job } of others) job.digest = { key, mergedInto: heir.job.id };
  return heir;
}

/** Novu does not count digests that still wait or were merged. */
function precedes(run: NovuRun, since: number): (other: DigestJob) => boolean {
  return (other) =>
    (other.job.status === "skipped" || other.job.status === "completed") &&
    other.run.startedAt >= since &&
    other.run.startedAt <= run.startedAt;
}

function followersOf(state: NovuState, run: NovuRun, { id }: Job): DigestJob[] {
  return digestsLike(state, run).filter(({ job }) => job.status === "merged" && job.digest?.mergedInto === id);
}

/** Every digest of that subscriber and workflow, by the time of the trigger. */
function digestsLike(state: NovuState, { workflowId, subscriberId }: NovuRun): DigestJob[] {
  return state.runs
    .filter((run) => run.workflowId === workflowId && run.subscriberId === subscriberId)
    .flatMap((run) => run.jobs.filter(({ type }) => type === "digest").map((job) => ({ run, job })));
}
