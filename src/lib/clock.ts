import { setTimeout as resolveAfter } from "node:timers/promises";
import { HOUR_MS } from "./durations.ts";

/** Time as the app sees it: the machine's in production, a virtual one in the sandbox. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once when the clock reaches `timeMs`. The returned function cancels the call. */
  at(timeMs: number, run: () => void): () => void;
}

/** setTimeout fires at once above 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  at(timeMs, run) {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const leftMs = timeMs - Date.now();
      timer = leftMs > LONGEST_TIMER_MS ? setTimeout(arm, LONGEST_TIMER_MS) : setTimeout(run, Math.max(0, leftMs));
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** A clock that goes back further than this was wrong before, so arrivals follow the corrected clock. */
const MOST_BACK_MS = HOUR_MS;

/** Microseconds since 1970. Each call returns a larger number, also if the clock stands still or goes back a little. */
export function createArrivalClock(now: () => number): () => number {
  let last = 0;
  return () => {
    const at = now() * 1000;
    last = last > at + MOST_BACK_MS * 1000 ? at : Math.max(at, last + 1);
    return last;
  };
}

/** An arrival as ISO 8601 with microseconds. */
export function isoOfArrival(arrival: number): string {
  const micros = String(arrival % 1000).padStart(3, "0");
  return new Date(Math.floor(arrival / 1000)).toISOString().replace("Z", `${micros}Z`);
}

/** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (ms, signal) => {
  await resolveAfter(ms, undefined, { signal }).catch(() => {});
  signal?.throwIfAborted();
};

/** The value of the promise; null if the promise takes longer than `withinMs`, or rejects. */
export async function valueWithin<Value>(promise: Promise<Value>, withinMs: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  // Timers that take an abort signal cost eight times as much, and persons are looked up thousands of times.
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, withinMs, null);
  });
  try {
    return await Promise.race([promise.catch(() => null), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
