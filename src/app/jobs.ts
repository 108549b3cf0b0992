import type { Job } from "../contracts/job.ts";
import { createOverdue } from "../outbox/jobs/overdue.ts";
import { createNovuRuns, createReceipt } from "../outbox/jobs/receipt.ts";
import { createRunJob } from "../outbox/run-job.ts";
import type { JobAttempt } from "../outbox/worker.ts";
import { subscriberOf } from "../routing/person.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import type { PostHogReports } from "../sources/posthog/reports.ts";
import type { Context } from "./context.ts";
import type { Decisions } from "./decisions.ts";
import type { Ingestion } from "./ingest.ts";
import type { Novu } from "./novu.ts";
import type { OptOuts } from "./opt-outs.ts";
import { profileAtSource, storedProfile } from "./persons.ts";
import type { RunSteps } from "./run-steps.ts";

interface Parts {
  novu: Novu;
  persons: PersonReader;
  optOuts: OptOuts;
  ingestion: Pick<Ingestion, "onNotMerged" | "reingest">;
  decisions: Decisions;
  runSteps: RunSteps;
  reports: Pick<PostHogReports, "report">;
}

/** Runs one job of the outbox; rejects when the job has to be tried again. */
export function createJobs(
  context: Context,
  { novu, persons, optOuts, ingestion, decisions, runSteps, reports }: Parts,
): (attempt: JobAttempt) => Promise<void> {
  const { store, metrics, now, log } = context;
  const novuRuns = createNovuRuns({ activity: novu.activity, pace: novu.limit.reads });
  const decisionsOf = store.decisions.listOfRuns;
  const scheduleAgain = (job: Job, at: number) => store.jobs.schedule(job, at, { replace: true });
  return createRunJob({
    ...context,
    ...runSteps,
    novu: {
      ...novu.api,
      // Novu fixes the steps of a run at its trigger.
      trigger: (start, key) =>
        novu.api.trigger({ ...start, run: { ...start.run, shape: runSteps.shapeIdOf(start.workflow) } }, key),
    },
    runs: { ...store.runs, markStarted: runSteps.markStarted },
    people: store.people,
    listDecidedSteps: store.decisions.listDecidedSteps,
    persons: {
      readNow: persons.read,
      storedProfile: storedProfile(store.people),
      profileAtSource: profileAtSource(persons),
      subscriberOf,
    },
    merges: {
      areOnePerson: (ids) => persons.areOnePerson("posthog", ids),
      merge: store.people.merge,
      onNotMerged: ingestion.onNotMerged,
      reingest: ingestion.reingest,
    },
    handlers: {
      receipt: createReceipt({
        novuRuns,
        decisionsOf,
        settle: decisions.correct,
        askAgainAt: (decision, at) => scheduleAgain({ kind: "receipt", body: decision }, at),
        now,
      }),
      overdue: createOverdue({
        novuRuns,
        decisionsOf,
        runs: store.runs,
        stepsOfRun: runSteps.stepsOfRun,
        feedMs: novu.feedMs,
        record: (decision) => decisions.record(decision, { ifOpen: true, isLast: false }),
        checkAgainAt: (overdue, at) => scheduleAgain({ kind: "overdue", body: overdue }, at),
        onLost: metrics.runLost,
        now,
        log,
      }),
      preferences: optOuts.send.toNovu,
      "opt-outs": optOuts.send.toPostHog,
      report: reports.report,
    },
    decide: decisions.record,
    pace: novu.limit.triggers,
    paceSubscribers: novu.limit.subscribers,
    onTriggered: metrics.triggered,
  });
}
