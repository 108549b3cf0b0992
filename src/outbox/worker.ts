import { setTimeout as sleep } from "node:timers/promises";
import { type ClaimedJob, type Job, parseJob, type Queue } from "../contracts/job.ts";
import type { Clock } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { redact } from "../lib/redact.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { afterFailure } from "./retry.ts";

export interface JobAttempt extends ClaimedJob {
  job: Job;
}

export interface JobStore {
  claim(queue: Queue, limit: number, leaseMs: number, done: number[]): Promise<ClaimedJob[]>;
  renew(ids: number[], leaseMs: number): Promise<void>;
  complete(ids: number[]): Promise<void>;
  /** Makes the job due again; `failed` counts a failed attempt. */
  retry(id: number, retry: { at: number; error: string; failed: boolean; answered: boolean }): Promise<void>;
  giveUp(id: number, error: string, options: { answered: boolean }): Promise<void>;
  nextDueAt(queue: Queue): Promise<number | null>;
}

export interface Worker {
  /** There is a job that is due at `dueAt`. Without a time, another process may have written any job. */
  wake(dueAt?: number): void;
  /** Resolves when nothing is in progress and nothing is due at this moment. */
  idle(): Promise<void>;
  /** Claims nothing new; resolves when the jobs in progress have ended. */
  stop(): Promise<void>;
}

/** The lease of a claimed job. When a process is killed, another process claims its jobs after this time. */
const LEASE_MS = 5 * SECOND_MS;
const RENEW_EVERY_MS = LEASE_MS / 3;
/** The pause after an error of the store. */
const STORE_PAUSE_MS = SECOND_MS;

const NO_TIMER = { at: Number.POSITIVE_INFINITY, cancel() {} };

/** Runs each job of one queue at least once, `concurrency` at a time, until it is complete or dead. */
export function startWorker({
  queue,
  store,
  runJob,
  concurrency,
  clock,
  log,
  count = () => {},
}: {
  queue: Queue;
  store: JobStore;
  runJob: (job: JobAttempt) => Promise<void>;
  concurrency: number;
  clock: Clock;
  log: Log;
  /** Called after each attempt. */
  count?: (queue: Queue, outcome: "done" | "retried" | "postponed" | "dead") => void;
}): Worker {
  const breaker = createCircuitBreaker(clock);
  const inProgress = new Map<number, Promise<void>>();
  /** Finished jobs that are still in the store. If the process is killed before, they run again without an effect. */
  let done: number[] = [];
  let working: Promise<void> | null = null;
  /** Whether jobs may be due that are not claimed. */
  let mayBeDue = true;
  /** Whether a job may become due before the timer fires. */
  let isNextUnknown = true;
  let stopped = false;
  let timer = NO_TIMER;
  const renewal = setInterval(renew, RENEW_EVERY_MS);

  work();
  return {
    wake,
    async idle() {
      while (working !== null || inProgress.size > 0) await (working ?? Promise.race(inProgress.values()));
    },
    async stop() {
      stopped = true;
      timer.cancel();
      await working;
      await Promise.all(inProgress.values());
      clearInterval(renewal);
      // If the store is down, these jobs run again when their lease ends, and find that their effect is done.
      if (done.length > 0) await store.complete(done).catch(storeFailed);
    },
  };

  function wake(dueAt?: number): void {
    if (dueAt !== undefined && dueAt > clock.now()) return wakeAt(dueAt);
    mayBeDue = true;
    if (dueAt === undefined) isNextUnknown = true;
    work();
  }

  function work(): void {
    if (stopped || working !== null) return;
    working = claimAndComplete().then((isStoreUp) => {
      working = null;
      if (isStoreUp && (mayBeDue ? room() > 0 : done.length > 0)) work();
    });
  }

  /**
   * Claims as many due jobs as there is room for, deletes the finished jobs, and sets a timer for the next due job.
   * Resolves to false if the store fails.
   */
  async function claimAndComplete(): Promise<boolean> {
    // Waits for one round of the event loop, so that jobs that end together are deleted together.
    await new Promise(setImmediate);
    try {
      while (!stopped && mayBeDue && room() > 0) {
        mayBeDue = false;
        const limit = room();
        const jobs = await withDone((finished) => store.claim(queue, limit, LEASE_MS, finished));
        for (const job of jobs) start(job);
        if (jobs.length === limit) mayBeDue = true;
      }
      // If jobs may be due, the next claim deletes the finished jobs in the same transaction.
      if (!stopped && !mayBeDue && done.length > 0) await withDone(store.complete);
      // The end of a job in progress makes room.
      if (stopped || (inProgress.size > 0 && room() === 0)) return true;
      if (isNextUnknown && !mayBeDue) await findNext();
      if (mayBeDue && room() === 0) wakeAt(breaker.nextTryAt() ?? clock.now());
      return true;
    } catch (error) {
      storeFailed(error);
      mayBeDue = false;
      isNextUnknown = true;
      wakeAt(clock.now() + STORE_PAUSE_MS);
      return false;
    }
  }

  /** The finished jobs stay in `done` if the store fails. */
  async function withDone<Result>(write: (finished: number[]) => Promise<Result>): Promise<Result> {
    const finished = done;
    done = [];
    try {
      return await write(finished);
    } catch (error) {
      done.push(...finished);
      throw error;
    }
  }

  async function findNext(): Promise<void> {
    timer.cancel();
    timer = NO_TIMER;
    // While jobs are in progress, the answer may be the end of their own leases.
    isNextUnknown = inProgress.size > 0;
    const next = await store.nextDueAt(queue);
    if (next !== null) wakeAt(Math.max(next, breaker.nextTryAt() ?? 0));
  }

  /** No job is claimed until half of the slots are free, so that claims are large. In an outage, one job at a time. */
  function room(): number {
    const nextTryAt = breaker.nextTryAt();
    const free = concurrency - inProgress.size;
    if (nextTryAt === null) return free >= concurrency / 2 ? free : 0;
    return inProgress.size === 0 && nextTryAt <= clock.now() ? 1 : 0;
  }

  function wakeAt(at: number): void {
    if (stopped || at >= timer.at) return;
    timer.cancel();
    const cancel = clock.at(at, () => {
      timer = NO_TIMER;
      wake();
    });
    timer = { at, cancel };
  }

  function renew(): void {
    if (inProgress.size > 0) store.renew([...inProgress.keys()], LEASE_MS).catch(storeFailed);
  }

  function start(job: ClaimedJob): void {
    const ended = attempt(job).finally(() => {
      inProgress.delete(job.id);
      work();
    });
    inProgress.set(job.id, ended);
  }

  async function attempt(job: ClaimedJob): Promise<void> {
    breaker.trying();
    try {
      await runJob({ ...job, job: parseJob(job.body) });
      breaker.answered();
      done.push(job.id);
      count(queue, "done");
    } catch (error) {
      breaker.failed(error);
      await saveFailure(job, error);
    }
  }

  async function saveFailure({ id, attempts }: ClaimedJob, cause: unknown): Promise<void> {
    const failedAttempts = attempts + 1;
    const error = redact(describeError(cause));
    const { next, waitMs, answered } = afterFailure(cause, {
      failedAttempts,
      isServiceUp: breaker.hasAnsweredLately(),
    });
    const facts = { component: "outbox", outcome: next, jobId: id, queue, attempt: failedAttempts, error };
    if (next === "give up") {
      log.error(facts);
      await untilStored(() => store.giveUp(id, error, { answered }));
      count(queue, "dead");
      return;
    }
    log.warn({ ...facts, retryAfterMs: waitMs });
    const failed = next === "retry";
    const at = clock.now() + waitMs;
    await untilStored(() => store.retry(id, { at, error, failed, answered }));
    wake(at);
    count(queue, failed ? "retried" : "postponed");
  }

  /** Repeats a write until the store is up. The job stays in progress, and so leased, until then. */
  async function untilStored(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        storeFailed(error);
        if (stopped) return;
        await sleep(STORE_PAUSE_MS);
      }
    }
  }

  function storeFailed(error: unknown): void {
    log.error({ component: "outbox", queue, error: describeError(error) });
  }
}
