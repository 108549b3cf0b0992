import type { RequestHandler } from "express";
import type { Clock } from "../lib/clock.ts";

export type Activity = ReturnType<typeof createActivity>;

/** Counts the tasks in progress. A task does not count while it waits for time to pass. */
export function createActivity(clock: Clock) {
  let inProgress = 0;
  let changes = 0;
  let waiters: Array<() => void> = [];

  return {
    async during<Result>(task: () => Promise<Result>): Promise<Result> {
      begin();
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
          begin();
          resolve();
        });
        end();
      });
    },
    /** How many requests came, and how often a task has begun, has ended, or has continued after a wait. */
    count: () => changes,
    countRequest: ((_request, _response, next) => {
      changes += 1;
      next();
    }) satisfies RequestHandler,
    /** Resolves when no task is in progress. */
    async idle(): Promise<void> {
      if (inProgress === 0) return;
      await new Promise<void>((resolve) => {
        waiters.push(resolve);
      });
    },
  };

  function begin(): void {
    inProgress += 1;
    changes += 1;
  }

  function end(): void {
    inProgress -= 1;
    changes += 1;
    if (inProgress > 0) return;
    const done = waiters;
    waiters = [];
    for (const resolve of done) resolve();
  }
}
