import type { Clock } from "../lib/clock.ts";

export interface VirtualClock extends Clock {
  /** When the earliest alarm is set for; null when none is. */
  nextAlarmAt(): number | null;
  /** Moves on to `timeMs`, alarm by alarm; after each it waits until all that it set off has `settled`. */
  travelTo(timeMs: number, settled: () => Promise<void>): Promise<void>;
  /** The same from wherever the clock stands once earlier journeys are over. */
  travelBy(ms: number, settled: () => Promise<void>): Promise<void>;
  stop(): void;
}

interface Alarm {
  at: number;
  run: () => void;
}

/** setTimeout fires at once above this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A clock that can travel; between journeys it stands still, or goes at the usual pace when it is `flowing`. */
export function createVirtualClock({ startAt, flowing }: { startAt: number; flowing: boolean }): VirtualClock {
  const alarms = new Set<Alarm>();
  let virtual = startAt;
  let real = performance.now();
  let travelling = false;
  let last: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  return {
    now,
    at(at, run) {
      const alarm = { at, run };
      alarms.add(alarm);
      arm();
      return () => alarms.delete(alarm);
    },
    nextAlarmAt: () => earliest()?.at ?? null,
    travelTo: (timeMs, settled) => inTurn(() => travel(timeMs, settled)),
    travelBy: (ms, settled) => inTurn(() => travel(now() + ms, settled)),
    stop() {
      clearTimeout(timer);
      alarms.clear();
    },
  };

  function inTurn(journey: () => Promise<void>): Promise<void> {
    const turn = last.then(journey);
    last = turn.catch(() => {});
    return turn;
  }

  async function travel(timeMs: number, settled: () => Promise<void>): Promise<void> {
    anchor(now());
    travelling = true;
    try {
      await settled();
      for (let next = earliest(); next !== undefined && next.at <= timeMs; next = earliest()) {
        anchor(Math.max(virtual, next.at));
        ringDue();
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

  function earliest(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of alarms) if (first === undefined || alarm.at < first.at) first = alarm;
    return first;
  }

  function ringDue(): void {
    for (const alarm of [...alarms].sort((a, b) => a.at - b.at)) {
      if (alarm.at > now() || !alarms.delete(alarm)) continue;
      alarm.run();
    }
  }

  /** A standing clock rings only what is due already. */
  function arm(): void {
    clearTimeout(timer);
    const next = earliest();
    if (next === undefined || travelling) return;
    const leftMs = next.at - now();
    if (leftMs > 0 && !flowing) return;
    timer = setTimeout(
      () => {
        ringDue();
        arm();
      },
      Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS),
    );
  }
}
