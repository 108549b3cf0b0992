import { setTimeout as sleep } from "node:timers/promises";
import { type Job, parseJob, type Queue } from "../contracts/job.ts";
import type { Clock } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { describeError, PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { redact } from "../lib/redact.ts";
import { afterFailure } from "./retry.ts";

/** A job as the store hands it out. */
interface ClaimedJob {
  id: number;
  /** JSON; another version of this app may have written it. */
  body: string;
  /** The failed attempts so far; retry.ts decides which failures count. */
  attempts: number;
  /** Whether the job was retried or postponed before. */
  isTried: boolean;
  /** How often the service has answered an attempt with an error. */
  refusals: number;
}

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
  /** Looks for due jobs now, because there may be new ones. */
  wake(): void;
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
  /** Finished jobs, deleted with the next claim. If the process is killed before, they run again without an effect. */
  let done: number[] = [];
  let claiming: Promise<void> | null = null;
  let isWoken = false;
  let stopped = false;
  let cancelTimer = () => {};
  const renewal = setInterval(renew, RENEW_EVERY_MS);

  wake();
  return {
    wake,
    async idle() {
      while (claiming !== null || inProgress.size > 0) await (claiming ?? Promise.race(inProgress.values()));
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await claiming;
      await Promise.all(inProgress.values());
      clearInterval(renewal);
      // If the store is down, these jobs run again when their lease ends, and find that their effect is done.
      if (done.length > 0) await store.complete(done).catch(storeFailed);
    },
  };

  function wake(): void {
    isWoken = true;
    if (stopped || claiming !== null) return;
    claiming = claimDue().finally(() => {
      claiming = null;
      if (isWoken) wake();
    });
  }

  /** Claims as many due jobs as there is room for, and sets a timer for the next due job. */
  async function claimDue(): Promise<void> {
    cancelTimer();
    // Waits for one round of the event loop, so that jobs that end together make room for one claim.
    await new Promise(setImmediate);
    isWoken = false;
    try {
      while (!stopped && room() > 0) {
        const finished = done;
        done = [];
        const limit = room();
        const jobs = await store.claim(queue, limit, LEASE_MS, finished).catch((error: unknown) => {
          done.push(...finished);
          throw error;
        });
        for (const job of jobs) start(job);
        if (jobs.length < limit) break;
      }
      // The end of a job in progress wakes the worker too.
      if (stopped || (inProgress.size > 0 && room() === 0)) return;
      const next = await store.nextDueAt(queue);
      if (next !== null) wakeAt(Math.max(next, breaker.nextTryAt() ?? 0));
    } catch (error) {
      storeFailed(error);
      wakeAt(clock.now() + STORE_PAUSE_MS);
    }
  }

  /** No job is claimed until half of the slots are free, so that claims are large. In an outage, one job at a time. */
  function room(): number {
    const nextTryAt = breaker.nextTryAt();
    const free = concurrency - inProgress.size;
    if (nextTryAt === null) return free >= concurrency / 2 ? free : 0;
    return inProgress.size === 0 && nextTryAt <= clock.now() ? 1 : 0;
  }

  function wakeAt(at: number): void {
    if (!stopped) cancelTimer = clock.at(at, wake);
  }

  function renew(): void {
    if (inProgress.size > 0) store.renew([...inProgress.keys()], LEASE_MS).catch(storeFailed);
  }

  function start(job: ClaimedJob): void {
    const ended = attempt(job).finally(() => {
      inProgress.delete(job.id);
      wake();
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
    await untilStored(() => store.retry(id, { at: clock.now() + waitMs, error, failed, answered }));
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

const OPENS_AFTER = 3;
/** The longest time between the end of an outage and the next call. */
const TRY_EVERY_MS = 2 * SECOND_MS;
const LATELY_MS = 5 * SECOND_MS;

/**
 * The circuit breaker of a service. It opens after three unanswered calls in a row and five seconds without an answer.
 * Then it allows one call every two seconds, until the service answers a call.
 */
function createCircuitBreaker({ now }: Pick<Clock, "now">) {
  let unanswered = 0;
  let nextTryAt = 0;
  let lastAnswerAt = Number.NEGATIVE_INFINITY;
  /** Whether the service has answered so recently that a failure concerns only one job. */
  const hasAnsweredLately = () => now() - lastAnswerAt < LATELY_MS;

  const answered = () => {
    unanswered = 0;
    lastAnswerAt = now();
  };

  return {
    hasAnsweredLately,
    /** When the next call may be made; null when calls are not limited. */
    nextTryAt: () => (unanswered >= OPENS_AFTER && !hasAnsweredLately() ? nextTryAt : null),
    /** A call is made now. While the service is down, the next call has to wait. */
    trying() {
      nextTryAt = now() + TRY_EVERY_MS;
    },
    answered,
    /** An error of our own shows neither that the service is up nor that it is down. */
    failed(error: unknown) {
      if (error instanceof RefusedError || error instanceof RetryLaterError || error instanceof PermanentError)
        answered();
      if (!(error instanceof UnavailableError)) return;
      unanswered += 1;
      nextTryAt = now() + TRY_EVERY_MS;
    },
  };
}
