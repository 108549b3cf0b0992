import type { Clock } from "../lib/clock.ts";

/** Counts the tasks that are in progress, without those that wait for time to pass. */
export interface Activity {
  during<Result>(task: () => Promise<Result>): Promise<Result>;
  /** Waits on the clock, inside `during`; the task does not count meanwhile. */
  pause(ms: number): Promise<void>;
  /** Resolves when no task is in progress. */
  idle(): Promise<void>;
}

export function createActivity(clock: Clock): Activity {
  let inProgress = 0;
  let waiters: Array<() => void> = [];

  return {
    async during(task) {
      inProgress += 1;
      try {
        return await task();
      } finally {
        end();
      }
    },
    async pause(ms) {
      await new Promise<void>((resolve) => {
        clock.at(clock.now() + ms, () => {
          inProgress += 1;
          resolve();
        });
        end();
      });
    },
    async idle() {
      if (inProgress === 0) return;
      await new Promise<void>((resolve) => {
        waiters.push(resolve);
      });
    },
  };

  function end(): void {
    inProgress -= 1;
    if (inProgress > 0) return;
    const done = waiters;
    waiters = [];
    for (const resolve of done) resolve();
  }
}
