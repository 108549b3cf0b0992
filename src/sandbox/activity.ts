import type { Clock } from "../lib/clock.ts";

export type Activity = ReturnType<typeof createActivity>;

/** Counts the tasks in progress. A task does not count while it waits for time to pass. */
export function createActivity(clock: Clock) {
  let inProgress = 0;
  let waiters: Array<() => void> = [];

  return {
    async during<Result>(task: () => Promise<Result>): Promise<Result> {
      inProgress += 1;
      try {
        return await task();
      } finally {
        end();
      }
    },
    /** Waits on the clock. A task of `during` calls this; the task does not count while it waits. */
    async pause(ms: number): Promise<void> {
      await new Promise<void>((resolve) => {
        clock.at(clock.now() + ms, () => {
          inProgress += 1;
          resolve();
        });
        end();
      });
    },
    /** Resolves when no task is in progress. */
    async idle(): Promise<void> {
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
