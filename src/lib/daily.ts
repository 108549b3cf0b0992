import type { Clock } from "./clock.ts";
import { DAY_MS, MINUTE_MS } from "./durations.ts";
import { describeError, RetryLaterError } from "./errors.ts";
import type { Log } from "./log.ts";

const AFTER_FAILURE_MS = 15 * MINUTE_MS;
/** How soon another process takes over from one that was killed in the middle. */
const LEASE_MS = 2 * MINUTE_MS;

/** Whose turn it is, kept where every process sees it. */
export interface Turns {
  /** Takes the turn for `leaseMs`; null when it is taken, else when to ask again, milliseconds since 1970. */
  take(leaseMs: number): Promise<number | null>;
  /** When the next turn is; for whoever has this one. */
  set(nextAt: number): Promise<void>;
}

/** The turn of one process. */
export interface Turn {
  /** Aborted when the process is to stop. */
  signal: AbortSignal;
  /** Keeps the turn while the work goes on. */
  renew(): Promise<void>;
}

/**
 * Does something once a day over all processes: at the start when it is due, because a day was missed
 * or it was broken off, and then day by day. What fails is tried again after a quarter of an hour.
 */
export function startDaily({
  what,
  run,
  turns,
  count,
  clock,
  log,
}: {
  /** For the log. */
  what: string;
  run(turn: Turn): Promise<void>;
  turns: Turns;
  /** Hears how each turn ended. */
  count(outcome: "done" | "failed"): void;
  clock: Clock;
  log: Log;
}): { idle(): Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  let cancelAlarm = () => {};
  let running = turn();
  return {
    idle: () => running,
    async stop() {
      stopping.abort(new Error("stopping"));
      cancelAlarm();
      await running;
    },
  };

  async function turn(): Promise<void> {
    const nextAt = await takeLease().catch(failed);
    if (stopping.signal.aborted) return;
    cancelAlarm = clock.at(nextAt, () => {
      running = turn();
    });
  }

  /** Answers when to come back. */
  async function takeLease(): Promise<number> {
    const startedAt = clock.now();
    const othersUntil = await turns.take(LEASE_MS);
    if (othersUntil !== null) return othersUntil;
    const renew = () => turns.set(clock.now() + LEASE_MS);
    const nextAt = await run({ signal: stopping.signal, renew }).then(() => {
      count("done");
      return startedAt + DAY_MS;
    }, failed);
    await turns.set(nextAt);
    return nextAt;
  }

  function failed(error: unknown): number {
    // Whoever comes next goes on at once.
    if (stopping.signal.aborted) return clock.now();
    const askedMs = error instanceof RetryLaterError ? error.retryAfterMs : 0;
    const waitMs = Math.min(DAY_MS, Math.max(AFTER_FAILURE_MS, askedMs));
    count("failed");
    log.warn({ stop: what, outcome: "failed", error: describeError(error), retryAfterMs: waitMs });
    return clock.now() + waitMs;
  }
}
