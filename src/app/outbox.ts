import { CALL_WITHIN_MS, type Job, QUEUES, type Queue } from "../contracts/job.ts";
import type { PersonSources } from "../contracts/person.ts";
import { POSTHOG_LIMITS } from "../contracts/posthog.ts";
import { createDevices } from "../outbox/jobs/devices.ts";
import { createNextPart } from "../outbox/jobs/next-part.ts";
import { createOverdue } from "../outbox/jobs/overdue.ts";
import { createNovuRuns, createReceipt } from "../outbox/jobs/receipt.ts";
import { createWithdrawals } from "../outbox/jobs/withdraw.ts";
import { createRunJob } from "../outbox/run-job.ts";
import { type JobAttempt, startWorker } from "../outbox/worker.ts";
import { subscriberOf } from "../routing/person.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import type { PostHogReports } from "../sources/posthog/reports.ts";
import { startRetention } from "../store/retention.ts";
import { startSilenceLog } from "./comparison.ts";
import type { Context } from "./context.ts";
import type { Ingestion } from "./ingest.ts";
import type { Novu } from "./novu.ts";
import type { OptOuts } from "./opt-outs.ts";
import { profileAtSource, storedProfile } from "./persons.ts";
import type { Runs } from "./runs.ts";
import { startSweeps } from "./sweeps.ts";

/** Receipts of one moment share a few calls to Novu. */
const RECEIPTS_AT_ONCE = 100;

const AT_ONCE: Partial<Record<Queue, number>> = { persons: POSTHOG_LIMITS.personsPerRead, receipts: RECEIPTS_AT_ONCE };

export interface Outbox {
  /** Resolves when all jobs that are due now are done. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

interface Parts {
  novu: Novu;
  persons: PersonReader;
  /** The sources at which persons are read. */
  personSources: PersonSources;
  optOuts: Pick<OptOuts, "send">;
  ingestion: Pick<Ingestion, "ingest" | "onNotMerged" | "reingest">;
  runs: Runs;
  reports: Pick<PostHogReports, "report">;
}

/** Starts the worker of each queue, and the daily runs: old rows, the sweeps for people, events that have stopped. */
export function startOutbox(context: Context, parts: Parts): Outbox {
  const { config, store, metrics, clock, log } = context;
  const queue = { store: store.jobs, runJob: runJobOf(context, parts), clock, log, count: metrics.jobs };
  const workers = QUEUES.map((name) => {
    // Jobs that share one read are cheap, so more of them may run at once.
    const concurrency = AT_ONCE[name] ?? config.deliveryConcurrency;
    return [name, startWorker({ ...queue, concurrency, queue: name })] as const;
  });
  const retention = startRetention({
    prune: (...step) => store.prune(...step),
    retentionMs: config.retentionMs,
    clock,
    log,
  });
  const sweeps = startSweeps(context, parts);
  const silences = startSilenceLog(context);
  const unsubscribe = store.on("jobs", (queue, dueAt) => workers.find(([name]) => name === queue)?.[1].wake(dueAt));
  return {
    // All workers are awaited several times, because the jobs of one queue may add jobs to another queue.
    async idle() {
      await sweeps.idle();
      await silences.idle();
      for (const _ of QUEUES) for (const [, worker] of workers) await worker.idle();
    },
    async stop() {
      unsubscribe();
      await Promise.all([
        retention.stop(),
        sweeps.stop(),
        silences.stop(),
        ...workers.map(([, worker]) => worker.stop()),
      ]);
    },
  };
}

/** Runs one job of the outbox; rejects when the job has to be tried again. */
function runJobOf(context: Context, parts: Parts): (attempt: JobAttempt) => Promise<void> {
  const { store, metrics } = context;
  const { novu, persons, ingestion, runs } = parts;
  const withdrawals = withdrawalsOf(context, parts);
  return createRunJob({
    ...context,
    ...runs,
    novu: {
      ...novu.api,
      // Novu fixes the steps of a run at its trigger.
      trigger: (start, key) =>
        novu.api.trigger({ ...start, run: { ...start.run, shape: runs.shapeIdOf(start.workflow) } }, key),
    },
    runs: { ...store.runs, markStarted: runs.markStarted },
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
    handlers: handlersOf(context, parts, withdrawals),
    withdrawNotes: withdrawals.afterExit,
    pace: novu.limit.triggers,
    paceSubscribers: novu.limit.subscribers,
    onTriggered: metrics.triggered,
  });
}

/** The handlers that need more than `createRunJob` has. */
function handlersOf(
  context: Context,
  parts: Parts,
  withdrawals: ReturnType<typeof withdrawalsOf>,
): Parameters<typeof createRunJob>[0]["handlers"] {
  const { store, metrics, now, log } = context;
  const { novu, optOuts, runs, reports } = parts;
  const novuRuns = createNovuRuns({ activity: novu.activity, pace: novu.limit.reads });
  const decisionsOf = store.decisions.listOfRuns;
  const scheduleAgain = (job: Job, at: number) => store.jobs.schedule(job, at, { replace: true });
  return {
    "awaited event": store.runs.endWaits,
    "next part": nextPartOf(context, { ...parts, messagesOf: novuRuns.messagesOf }),
    receipt: createReceipt({
      novuRuns,
      decisionsOf,
      settle: runs.correct,
      onSent: withdrawals.afterReceipt,
      askAgainAt: (decision, at) => scheduleAgain({ kind: "receipt", body: decision }, at),
      now,
    }),
    overdue: createOverdue({
      novuRuns,
      decisionsOf,
      runs: store.runs,
      stepsOfRun: runs.stepsOfRun,
      feedMs: novu.feedMs,
      async record(decision) {
        await withdrawals.afterReceipt(await runs.decide(decision, { ifOpen: true, isLast: false }));
      },
      checkAgainAt: (overdue, at) => scheduleAgain({ kind: "overdue", body: overdue }, at),
      onLost: metrics.runLost,
      now,
      log,
    }),
    withdraw: withdrawals.withdraw,
    devices: createDevices({ ...store.devices, novu: novu.api, pace: novu.limit.subscribers, log }),
    preferences: optOuts.send.toNovu,
    "opt-outs": optOuts.send.toPostHog,
    report: reports.report,
  };
}

function withdrawalsOf({ store, now, log }: Context, { novu, runs }: Pick<Parts, "novu" | "runs">) {
  return createWithdrawals({
    withdrawnNotes: runs.withdrawnNotes,
    decisionsOf: store.decisions.listOfRuns,
    findState: store.runs.findState,
    schedule: (body) => store.jobs.schedule({ kind: "withdraw", body }, now(), { replace: true }),
    messages: novu.activity.messages,
    archive: novu.api.archive,
    pace: { read: novu.limit.reads, archive: novu.limit.subscribers },
    report: store.decisions.insertReport,
    now,
    log,
  });
}

function nextPartOf(
  { store, metrics, now, log }: Context,
  {
    novu,
    runs,
    persons,
    messagesOf,
  }: Pick<Parts, "novu" | "runs" | "persons"> & Pick<ReturnType<typeof createNovuRuns>, "messagesOf">,
) {
  return createNextPart({
    runs: store.runs,
    trigger: novu.api.trigger,
    cancel: novu.api.cancel,
    messagesOf,
    async hasOwnEmail(run) {
      const person = await persons.read(run);
      return person.outcome === "found" && person.properties.email !== undefined;
    },
    pace: novu.limit.triggers,
    async expectCall({ transactionId, distinctId }) {
      const body = { transactionId, distinctId };
      await store.jobs.schedule({ kind: "overdue", body }, now() + CALL_WITHIN_MS, { replace: true });
    },
    onTriggered: metrics.triggered,
    shapeIdOf: runs.shapeIdOf,
    now,
    log,
  });
}
