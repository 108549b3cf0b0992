import type { Clock } from "../lib/clock.ts";

/** Knows whether anything is going on that does not just wait for time to pass. */
export interface Activity {
  /** Counts as going on until `work` has ended. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits on the clock, inside `during`, without counting as going on. */
  pause(ms: number): Promise<void>;
  idle(): Promise<void>;
}

export function createActivity(clock: Clock): Activity {
  let goingOn = 0;
  let waiters: Array<() => void> = [];

  return {
    async during(work) {
      goingOn += 1;
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async pause(ms) {
      await new Promise<void>((resolve) => {
        clock.at(clock.now() + ms, () => {
          goingOn += 1;
          resolve();
        });
        leave();
      });
    },
    async idle() {
      if (goingOn === 0) return;
      await new Promise<void>((resolve) => {
        waiters.push(resolve);
      });
    },
  };

  function leave(): void {
    goingOn -= 1;
    if (goingOn > 0) return;
    const done = waiters;
    waiters = [];
    for (const resolve of done) resolve();
  }
}
