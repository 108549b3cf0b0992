import { setTimeout as sleep } from "node:timers/promises";
import { Job, type Queue } from "../contracts/job.ts";
import type { Clock } from "../lib/clock.ts";
import { MINUTE_MS, SECOND_MS } from "../lib/durations.ts";
import { describeError, PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { redact } from "../lib/redact.ts";
import { createBreaker } from "./circuit-breaker.ts";
import { backoffMs, MOST_ATTEMPTS } from "./retry.ts";

/** Job as the store hands it out. */
interface ClaimedJob {
  id: number;
  /** JSON, perhaps of another version of this app. */
  body: string;
  attempts: number;
  isTried: boolean;
  refusals: number;
}

/** One job to do. */
export interface JobAttempt extends ClaimedJob {
  job: Job;
}

/** The part of the store that the worker needs. */
export interface JobStore {
  claim(queue: Queue, limit: number, leaseMs: number, done: number[]): Promise<ClaimedJob[]>;
  renew(ids: number[], leaseMs: number): Promise<void>;
  complete(ids: number[]): Promise<void>;
  retry(id: number, retry: { at: number; error: string; failed: boolean; answered: boolean }): Promise<void>;
  giveUp(id: number, error: string, options: { answered: boolean }): Promise<void>;
  nextDueAt(queue: Queue): Promise<number | null>;
}

export interface Worker {
  /** There may be new work. */
  wake(): void;
  /** Resolves when nothing is in progress and nothing is due at this moment. */
  idle(): Promise<void>;
  /** Takes on nothing new; resolves when what was in progress has ended. */
  stop(): Promise<void>;
}

/** How soon another process takes over from one that was killed. */
const LEASE_MS = 5_000;
const RENEW_EVERY_MS = LEASE_MS / 3;
/** A longer Retry-After is not believed: a wrong one would park a job for years. */
const LONGEST_WAIT_MS = 10 * MINUTE_MS;
/** After the store itself has failed. */
const STORE_PAUSE_MS = SECOND_MS;

/** Does the work of one queue: at least once each, `concurrency` at a time, again after a failure, until it is done or dead. */
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
  /** Hears how each try ended. */
  count?: (queue: Queue, outcome: "done" | "retried" | "put off" | "dead") => void;
}): Worker {
  const breaker = createBreaker({ now: clock.now });
  const inProgress = new Map<number, Promise<void>>();
  /** Done, which the store hears with the next claim. Whoever finds such work again finds out that it is done. */
  let done: number[] = [];
  let pumping: Promise<void> | null = null;
  let wokenMeanwhile = false;
  let stopped = false;
  let cancelTimer = () => {};
  const renewal = setInterval(renew, RENEW_EVERY_MS);

  wake();
  return {
    wake,
    async idle() {
      while (pumping !== null || inProgress.size > 0) await (pumping ?? Promise.race(inProgress.values()));
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await pumping;
      await Promise.all(inProgress.values());
      clearInterval(renewal);
      // With the store down it comes back with its lease, and is then found to be done.
      if (done.length > 0) await store.complete(done).catch(storeFailed);
    },
  };

  function wake(): void {
    wokenMeanwhile = true;
    if (stopped || pumping !== null) return;
    pumping = pump().finally(() => {
      pumping = null;
      if (wokenMeanwhile) wake();
    });
  }

  /** Takes on what is due, as much as there is room for, and sets the alarm for what is due next. */
  async function pump(): Promise<void> {
    cancelTimer();
    // A turn of the event loop, so that what ends together makes room for what is claimed together.
    await new Promise(setImmediate);
    wokenMeanwhile = false;
    try {
      while (!stopped && room() > 0) {
        const ended = done;
        done = [];
        const jobs = await store.claim(queue, room(), LEASE_MS, ended).catch((error: unknown) => {
          done.push(...ended);
          throw error;
        });
        for (const job of jobs) take(job);
        if (jobs.length === 0) break;
      }
      if (stopped || (inProgress.size > 0 && room() === 0)) return;
      const next = await store.nextDueAt(queue);
      if (next !== null) setAlarm(Math.max(next, breaker.nextTryAt() ?? 0));
    } catch (error) {
      storeFailed(error);
      setAlarm(clock.now() + STORE_PAUSE_MS);
    }
  }

  /** How many more to take on: none before there is room for many; one at a time, and seldom, while the other side is down. */
  function room(): number {
    const nextTryAt = breaker.nextTryAt();
    const free = concurrency - inProgress.size;
    if (nextTryAt === null) return free >= concurrency / 2 ? free : 0;
    return inProgress.size === 0 && nextTryAt <= clock.now() ? 1 : 0;
  }

  function storeFailed(error: unknown): void {
    log.error({ component: "outbox", queue, error: describeError(error) });
  }

  function setAlarm(at: number): void {
    if (!stopped) cancelTimer = clock.at(at, wake);
  }

  function take(job: ClaimedJob): void {
    const ended = attempt(job).finally(() => {
      inProgress.delete(job.id);
      wake();
    });
    inProgress.set(job.id, ended);
  }

  function renew(): void {
    if (inProgress.size === 0) return;
    store.renew([...inProgress.keys()], LEASE_MS).catch((error: unknown) => {
      log.warn({ component: "outbox", error: describeError(error) });
    });
  }

  async function attempt(job: ClaimedJob): Promise<void> {
    breaker.trying();
    try {
      await runJob({ ...job, job: readJob(job.body) });
      breaker.answered();
      done.push(job.id);
      count(queue, "done");
    } catch (error) {
      if (error instanceof UnavailableError) breaker.unavailable();
      else if (isAnAnswer(error)) breaker.answered();
      await settleInTheEnd(job, error);
    }
  }

  /** A store that is down gets the word when it is back; until then nobody else is to take the work over. */
  async function settleInTheEnd(job: ClaimedJob, error: unknown): Promise<void> {
    for (let isSettled = false; !isSettled; ) {
      try {
        await settle(job, error);
        isSettled = true;
      } catch (trouble) {
        log.error({ component: "outbox", workId: job.id, error: describeError(trouble) });
        if (stopped) return;
        await sleep(STORE_PAUSE_MS);
      }
    }
  }

  async function settle(job: ClaimedJob, error: unknown): Promise<void> {
    const failures = job.attempts + 1;
    const text = redact(describeError(error));
    const facts = { component: "outbox", workId: job.id, queue, attempt: failures, error: text };
    const putOff = async (next: string, waitMs: number, answered: boolean) => {
      log.warn({ ...facts, next, retryAfterMs: waitMs });
      count(queue, "put off");
      await store.retry(job.id, { at: clock.now() + waitMs, error: text, failed: false, answered });
    };

    if (error instanceof RetryLaterError)
      return putOff("later", Math.min(error.retryAfterMs, LONGEST_WAIT_MS), error.answered);
    // An outage wears no job out, however long it lasts; a job that fails while others are answered is no outage.
    if (error instanceof UnavailableError && !breaker.hasAnsweredLately())
      return putOff("when it is back", atLeast(error.retryAfterMs, backoffMs(1)), error.answered);
    const { retryAfterMs, answered } = askedBy(error);
    if (error instanceof PermanentError || failures >= MOST_ATTEMPTS) {
      log.error({ ...facts, next: "dead" });
      count(queue, "dead");
      return store.giveUp(job.id, text, { answered });
    }
    const waitMs = atLeast(retryAfterMs, backoffMs(failures));
    log.warn({ ...facts, next: "retry", retryAfterMs: waitMs });
    count(queue, "retried");
    await store.retry(job.id, { at: clock.now() + waitMs, error: text, failed: true, answered });
  }
}

/** Whether the other side has said something; an error of our own says nothing about it. */
function isAnAnswer(error: unknown): boolean {
  return error instanceof RefusedError || error instanceof RetryLaterError || error instanceof PermanentError;
}

function askedBy(error: unknown): { retryAfterMs: number; answered: boolean } {
  if (error instanceof RefusedError) return { retryAfterMs: error.retryAfterMs, answered: true };
  if (error instanceof PermanentError) return { retryAfterMs: 0, answered: true };
  return error instanceof UnavailableError ? error : { retryAfterMs: 0, answered: false };
}

function atLeast(askedMs: number, waitMs: number): number {
  return Math.max(waitMs, Math.min(askedMs, LONGEST_WAIT_MS));
}

function readJob(body: string): Job {
  const job = Job.safeParse(JSON.parse(body));
  if (job.success) return job.data;
  const places = job.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new PermanentError(`this version cannot read the job: ${places}`);
}
