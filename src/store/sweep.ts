import type { Clock } from "../lib/clock.ts";
import { DAY_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Few enough that other writes do not wait noticeably. */
const ROWS_AT_ONCE = 200;

/** Deletes rows older than `retentionMs`, at the start and once a day, in small steps. */
export function startSweep({
  prune,
  retentionMs,
  clock,
  log,
}: {
  prune(before: number, mostRows: number): Promise<number | null>;
  retentionMs: number;
  clock: Clock;
  log: Log;
}): { stop(): Promise<void> } {
  let stopped = false;
  let cancelAlarm = () => {};
  let sweeping = sweep();
  return {
    async stop() {
      stopped = true;
      cancelAlarm();
      await sweeping;
    },
  };

  async function sweep(): Promise<void> {
    cancelAlarm = clock.at(clock.now() + DAY_MS, () => {
      sweeping = sweep();
    });
    try {
      const before = clock.now() - retentionMs;
      let deleted = 0;
      let step: number | null = null;
      do {
        await new Promise(setImmediate);
        step = await prune(before, ROWS_AT_ONCE);
        deleted += step ?? 0;
      } while (!stopped && step === ROWS_AT_ONCE);
      if (deleted > 0)
        log.info({ component: "store", outcome: "pruned", deleted, before: new Date(before).toISOString() });
    } catch (error) {
      log.warn({ component: "store", outcome: "not pruned, again in a day", error: describeError(error) });
    }
  }
}
