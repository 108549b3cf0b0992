import { type Lane, Work } from "../contracts/work.ts";
import type { Clock } from "../lib/clock.ts";
import { describeError, PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { backoffMs, MOST_ATTEMPTS } from "./backoff.ts";
import { createBreaker } from "./breaker.ts";

/** Work as the queue hands it out. */
interface Claimed {
  id: number;
  /** JSON, perhaps of another version of this app. */
  body: string;
  attempts: number;
  refusals: number;
}

/** One piece of work to do. */
export interface Job extends Claimed {
  work: Work;
}

/** The part of the store that the worker needs. */
export interface Queue {
  claim(lane: Lane, limit: number, leaseMs: number): Promise<Claimed[]>;
  renew(ids: number[], leaseMs: number): Promise<void>;
  complete(id: number): Promise<void>;
  retryAt(id: number, retry: { at: number; error: string; failed: boolean; refused: boolean }): Promise<void>;
  bury(id: number, error: string): Promise<void>;
  nextDueAt(lane: Lane): Promise<number | null>;
}

export interface Worker {
  /** There may be new work. */
  wake(): void;
  /** Resolves when nothing is under way and nothing is due at this moment. */
  idle(): Promise<void>;
  /** Takes on nothing new; resolves when what was under way has ended. */
  stop(): Promise<void>;
}

/** How soon another process takes over from one that was killed. */
const LEASE_MS = 15_000;
const RENEW_EVERY_MS = LEASE_MS / 3;
/** After the store itself has failed. */
const STORE_PAUSE_MS = 1_000;

/** Does the work of one lane: at least once each, `concurrency` at a time, again after a failure, until it is done or dead. */
export function startWorker({
  lane,
  queue,
  perform,
  concurrency,
  clock,
  log,
}: {
  lane: Lane;
  queue: Queue;
  perform: (job: Job) => Promise<void>;
  concurrency: number;
  clock: Clock;
  log: Log;
}): Worker {
  const breaker = createBreaker({ now: clock.now });
  const underWay = new Map<number, Promise<void>>();
  let pumping: Promise<void> | null = null;
  let wokenMeanwhile = false;
  let stopped = false;
  let cancelTimer = () => {};
  const renewal = setInterval(renew, RENEW_EVERY_MS);

  wake();
  return {
    wake,
    async idle() {
      while (pumping !== null || underWay.size > 0) await (pumping ?? Promise.race(underWay.values()));
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await pumping;
      await Promise.all(underWay.values());
      clearInterval(renewal);
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
    wokenMeanwhile = false;
    try {
      while (!stopped && room() > 0) {
        const jobs = await queue.claim(lane, room(), LEASE_MS);
        for (const job of jobs) take(job);
        if (jobs.length === 0) break;
      }
      if (stopped || underWay.size >= concurrency) return;
      const next = await queue.nextDueAt(lane);
      if (next !== null) setAlarm(Math.max(next, breaker.nextTryAt() ?? 0));
    } catch (error) {
      log.error({ stop: "delivery", lane, error: describeError(error) });
      setAlarm(clock.now() + STORE_PAUSE_MS);
    }
  }

  /** How many more may be under way; one at a time, and seldom, while the other side is down. */
  function room(): number {
    const nextTryAt = breaker.nextTryAt();
    if (nextTryAt === null) return concurrency - underWay.size;
    return underWay.size === 0 && nextTryAt <= clock.now() ? 1 : 0;
  }

  function setAlarm(at: number): void {
    if (!stopped) cancelTimer = clock.at(at, wake);
  }

  function take(job: Claimed): void {
    const done = attempt(job).finally(() => {
      underWay.delete(job.id);
      wake();
    });
    underWay.set(job.id, done);
  }

  function renew(): void {
    if (underWay.size === 0) return;
    queue.renew([...underWay.keys()], LEASE_MS).catch((error: unknown) => {
      log.warn({ stop: "delivery", error: describeError(error) });
    });
  }

  async function attempt(job: Claimed): Promise<void> {
    breaker.trying();
    try {
      await perform({ ...job, work: readWork(job.body) });
      breaker.answered();
      await queue.complete(job.id);
    } catch (error) {
      if (error instanceof UnavailableError) breaker.unavailable();
      else breaker.answered();
      await settle(job, error).catch((trouble: unknown) =>
        log.error({ stop: "delivery", workId: job.id, error: describeError(trouble) }),
      );
    }
  }

  async function settle(job: Claimed, error: unknown): Promise<void> {
    const failures = job.attempts + 1;
    const facts = {
      stop: "delivery",
      workId: job.id,
      lane,
      attempt: failures,
      error: describeError(error),
    };

    if (error instanceof RetryLaterError) {
      log.warn({ ...facts, next: "later", retryAfterMs: error.retryAfterMs });
      await queue.retryAt(job.id, {
        at: clock.now() + error.retryAfterMs,
        error: facts.error,
        failed: false,
        refused: error.refused,
      });
    } else if (error instanceof UnavailableError) {
      // An outage wears no work out, however long it lasts.
      const waitMs = backoffMs(1);
      log.warn({ ...facts, next: "when it is back", retryAfterMs: waitMs });
      await queue.retryAt(job.id, {
        at: clock.now() + waitMs,
        error: facts.error,
        failed: false,
        refused: error.refused,
      });
    } else if (error instanceof PermanentError || failures >= MOST_ATTEMPTS) {
      log.error({ ...facts, next: "dead" });
      await queue.bury(job.id, facts.error);
    } else {
      const waitMs = backoffMs(failures);
      log.warn({ ...facts, next: "retry", retryAfterMs: waitMs });
      await queue.retryAt(job.id, {
        at: clock.now() + waitMs,
        error: facts.error,
        failed: true,
        refused: error instanceof RefusedError,
      });
    }
  }
}

function readWork(body: string): Work {
  const work = Work.safeParse(JSON.parse(body));
  if (work.success) return work.data;
  const places = work.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new PermanentError(`this version cannot read the work: ${places}`);
}
