import type { Clock } from "../lib/clock.ts";

export interface VirtualClock extends Clock {
  /** The time of the earliest alarm; null if there is none. */
  nextAlarmAt(): number | null;
  /** Moves to `timeMs`, alarm by alarm, and waits for `settled` after each. */
  travelTo(timeMs: number, settled: () => Promise<void>): Promise<void>;
  /** Moves by `ms`, counted from the time at which all earlier travels have ended. */
  travelBy(ms: number, settled: () => Promise<void>): Promise<void>;
  stop(): void;
}

interface Alarm {
  at: number;
  run: () => void;
}

/** setTimeout fires at once if its delay is longer than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A clock that can travel. Between travels it stands still, or goes at the real pace when it is `flowing`. */
export function createVirtualClock({ startAt, flowing }: { startAt: number; flowing: boolean }): VirtualClock {
  /** The earliest first; alarms of one time in the order in which they were set. */
  const alarms: Alarm[] = [];
  let virtual = startAt;
  let real = performance.now();
  let travelling = false;
  let last: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  return {
    now,
    at(at, run) {
      const alarm = { at, run };
      alarms.splice(countUntil(at), 0, alarm);
      arm();
      return () => void remove(alarm);
    },
    nextAlarmAt: () => alarms[0]?.at ?? null,
    travelTo: (timeMs, settled) => queued(() => moveTo(timeMs, settled)),
    travelBy: (ms, settled) => queued(() => moveTo(now() + ms, settled)),
    stop() {
      clearTimeout(timer);
      alarms.length = 0;
    },
  };

  function queued(travel: () => Promise<void>): Promise<void> {
    const done = last.then(travel);
    last = done.catch(() => {});
    return done;
  }

  async function moveTo(timeMs: number, settled: () => Promise<void>): Promise<void> {
    anchor(now());
    travelling = true;
    try {
      await settled();
      for (let next = alarms[0]; next !== undefined && next.at <= timeMs; next = alarms[0]) {
        anchor(Math.max(virtual, next.at));
        fireDue();
        await settled();
      }
      anchor(Math.max(virtual, timeMs));
    } finally {
      travelling = false;
      arm();
    }
  }

  function now(): number {
    return flowing && !travelling ? Math.floor(virtual + performance.now() - real) : virtual;
  }

  function anchor(timeMs: number): void {
    virtual = timeMs;
    real = performance.now();
  }

  /** How many alarms are at `at` or earlier. A history has thousands of alarms. */
  function countUntil(at: number): number {
    let low = 0;
    for (let high = alarms.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((alarms[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the alarm was still set. */
  function remove(alarm: Alarm): boolean {
    const index = alarms.lastIndexOf(alarm, countUntil(alarm.at) - 1);
    if (index !== -1) alarms.splice(index, 1);
    return index !== -1;
  }

  /** An alarm that is set meanwhile is not fired. */
  function fireDue(): void {
    for (const alarm of alarms.slice(0, countUntil(now()))) if (remove(alarm)) alarm.run();
  }

  /** Sets the timer for the next alarm. A clock that stands still fires only alarms that are due. */
  function arm(): void {
    clearTimeout(timer);
    const next = alarms[0];
    if (next === undefined || travelling) return;
    const leftMs = next.at - now();
    if (leftMs > 0 && !flowing) return;
    timer = setTimeout(
      () => {
        fireDue();
        arm();
      },
      Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS),
    );
  }
}
