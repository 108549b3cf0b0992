import type { Activity } from "../activity.ts";
import type { NovuRun, NovuState } from "./state.ts";

export interface TriggerQueue {
  add(run: NovuRun): void;
  /** From now on runs wait, as for a worker with a backlog, until the returned function is called. */
  hold(): () => void;
}

/**
 * The queue between Novu's API and its worker, which takes all waiting runs a moment after the answer. It drops a
 * run whose transaction id an earlier run has. It does not compare runs that it takes together, so three triggers
 * with one transaction id may make three runs.
 */
export function createTriggerQueue({
  state,
  begin,
  activity,
}: {
  state: NovuState;
  begin(run: NovuRun): void;
  activity: Activity;
}): TriggerQueue {
  let waiting: NovuRun[] = [];
  let isHeld = false;

  return {
    add(run) {
      waiting.push(run);
      if (waiting.length === 1 && !isHeld) beginSoon();
    },
    hold() {
      isHeld = true;
      return () => {
        isHeld = false;
        if (waiting.length > 0) beginSoon();
      };
    },
  };

  function beginSoon(): void {
    void activity.during(async () => {
      await new Promise(setImmediate);
      if (!isHeld) beginWaiting();
    });
  }

  function beginWaiting(): void {
    const runs = waiting;
    waiting = [];
    const fresh = runs.filter(({ transactionId }) => !state.runs.some((run) => run.transactionId === transactionId));
    state.runs.push(...fresh);
    fresh.forEach(begin);
  }
}
