import { QUEUES, type Queue } from "../contracts/job.ts";
import type { PersonSources } from "../contracts/person.ts";
import { startDaily } from "../lib/daily.ts";
import { type JobAttempt, startWorker } from "../outbox/worker.ts";
import { createInactivitySweep } from "../sources/inactivity-sweep.ts";
import type { Ingest } from "../sources/ingest.ts";
import { createPostHogQueries } from "../sources/posthog/queries.ts";
import { startSweep } from "../store/retention.ts";
import type { ExitCursor } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";

/** One read at PostHog returns so many persons. */
const PERSONS_AT_ONCE = 200;
/** Receipts of one moment share a few calls to Novu. */
const RECEIPTS_AT_ONCE = 100;
/** A larger page would delay the other queries of the store. */
const EXITS_AT_ONCE = 1_000;

const AT_ONCE: Partial<Record<Queue, number>> = { persons: PERSONS_AT_ONCE, receipts: RECEIPTS_AT_ONCE };

export interface Outbox {
  /** Resolves when all jobs that are due now are done. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

interface Parts {
  runJob(job: JobAttempt): Promise<void>;
  ingest: Ingest;
  /** Where persons are read. */
  sources: PersonSources;
}

/** Starts the worker of each queue, and two daily sweeps: one deletes old rows, one finds inactive people. */
export function startOutbox(context: Context, parts: Parts): Outbox {
  const { config, store, metrics, clock, log } = context;
  const { runJob } = parts;
  const queue = { store: store.jobs, runJob, clock, log, count: metrics.jobs };
  const workers = QUEUES.map((name) => {
    // Jobs that share one read are cheap, so more of them may run at once.
    const concurrency = AT_ONCE[name] ?? config.deliveryConcurrency;
    return [name, startWorker({ ...queue, concurrency, queue: name })] as const;
  });
  const sweep = startSweep({
    prune: (before, mostRows) => store.prune(before, mostRows),
    retentionMs: config.retentionMs,
    clock,
    log,
  });
  const absences = startAbsenceSweep(context, parts);
  const unsubscribe = store.on("jobs", (queue) => workers.find(([name]) => name === queue)?.[1].wake());
  return {
    // The jobs of one queue may add jobs to another.
    async idle() {
      await absences?.idle();
      for (const _ of QUEUES) for (const [, worker] of workers) await worker.idle();
    },
    async stop() {
      unsubscribe();
      await Promise.all([sweep.stop(), absences?.stop(), ...workers.map(([, worker]) => worker.stop())]);
    },
  };
}

/** Runs once a day over all processes; null when no workflow starts by inactivity. */
function startAbsenceSweep({ config, product, store, metrics, clock, log }: Context, { ingest, sources }: Parts) {
  const watched = product.workflows.filter(({ absences }) => absences.length > 0);
  if (watched.length === 0) return null;
  const run = createInactivitySweep({
    workflows: watched,
    readAbsent: config.posthog && createPostHogQueries(config.posthog).absences,
    own: {
      lastSeen: (workflow, distinctIds) => store.runs.findLastExits({ workflow, distinctIds }),
      absent: (workflow, period) => pagesOfAbsent(store, workflow, period),
    },
    readPersons: (sources.posthog ?? sources.segment)?.read ?? null,
    knownEvents: (uuids) => store.events.findKnown(uuids),
    ingest,
    count: metrics.inactive,
    now: clock.now,
    log,
  });
  const lease = {
    take: (leaseMs: number) => store.limits.takeLease("inactivity", leaseMs),
    set: (nextAt: number) => store.limits.setNextRun("inactivity", nextAt),
  };
  return startDaily({ component: "sources", name: "inactivity", run, lease, count: metrics.swept, clock, log });
}

/** Reads all pages, one after the other. */
async function* pagesOfAbsent(store: Store, workflow: string, { since, until }: { since: number; until: number }) {
  const period = { from: new Date(since).toISOString(), until: new Date(until).toISOString() };
  let after: ExitCursor | null = null;
  do {
    const page: Awaited<ReturnType<Store["runs"]["listAbsent"]>> = await store.runs.listAbsent({
      workflow,
      ...period,
      after,
      limit: EXITS_AT_ONCE,
    });
    yield page.people;
    after = page.next;
  } while (after !== null);
}
