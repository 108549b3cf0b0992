import type { Clock } from "./clock.ts";
import { DAY_MS, MINUTE_MS } from "./durations.ts";
import { describeError, RetryLaterError } from "./errors.ts";
import type { Log } from "./log.ts";

const AFTER_FAILURE_MS = 15 * MINUTE_MS;
/** If a process is killed during a run, another process takes over after this time. */
const LEASE_MS = 2 * MINUTE_MS;

/** The leases that all processes share. Only the process that holds the lease runs. */
interface Leases {
  /**
   * Takes the lease for `leaseMs` and returns null; if another process holds it, returns when to try again, in
   * milliseconds since 1970.
   */
  takeLease(name: string, leaseMs: number): Promise<number | null>;
  /** Sets the time of the next run. Only the holder may call it. */
  setNextRun(name: string, nextAt: number): Promise<void>;
}

export interface DailyRun {
  /** Aborted when the process stops. */
  signal: AbortSignal;
  /** Extends the lease; a long run calls it again and again. */
  renew(): Promise<void>;
}

/**
 * Runs once a day over all processes. It also runs at the start, if a day was missed or the last run did not
 * finish. A failed run is repeated after 15 minutes.
 */
export function startDaily({
  component,
  name,
  run,
  leases,
  count,
  clock,
  log,
}: {
  /** The folder, for the log. */
  component: string;
  /** The name of the daily run, for the log and the lease. */
  name: string;
  run(run: DailyRun): Promise<void>;
  leases: Leases;
  /** Called at the end of each run. */
  count(outcome: "done" | "failed"): void;
  clock: Clock;
  log: Log;
}): { idle(): Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  let cancelAlarm = () => {};
  let running = runAndSchedule();
  return {
    idle: () => running,
    async stop() {
      stopping.abort(new Error("stopping"));
      cancelAlarm();
      await running;
    },
  };

  async function runAndSchedule(): Promise<void> {
    const nextAt = await runWithLease().catch(failed);
    if (stopping.signal.aborted) return;
    cancelAlarm = clock.at(nextAt, () => {
      running = runAndSchedule();
    });
  }

  /** Returns the time of the next run. */
  async function runWithLease(): Promise<number> {
    const startedAt = clock.now();
    const takenUntil = await leases.takeLease(name, LEASE_MS);
    if (takenUntil !== null) return takenUntil;
    const renew = () => leases.setNextRun(name, clock.now() + LEASE_MS);
    const nextAt = await run({ signal: stopping.signal, renew }).then(() => {
      count("done");
      return startedAt + DAY_MS;
    }, failed);
    await leases.setNextRun(name, nextAt);
    return nextAt;
  }

  function failed(error: unknown): number {
    // This process stops, so the lease ends now and the next process can run at once.
    if (stopping.signal.aborted) return clock.now();
    const retryAfterMs = error instanceof RetryLaterError ? error.retryAfterMs : 0;
    const waitMs = Math.min(DAY_MS, Math.max(AFTER_FAILURE_MS, retryAfterMs));
    count("failed");
    log.warn({ component, run: name, outcome: "failed", error: describeError(error), retryAfterMs: waitMs });
    return clock.now() + waitMs;
  }
}
