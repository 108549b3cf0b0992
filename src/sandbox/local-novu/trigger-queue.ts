import type { Activity } from "../activity.ts";
import type { NovuRun, NovuState } from "./state.ts";

export interface TriggerQueue {
  add(run: NovuRun): void;
  /** Leaves what comes in the queue, as a worker with a backlog does; the answer lets it be taken up. */
  hold(): () => void;
}

/**
 * The queue between Novu's API and its worker. A run whose transaction id is there already is dropped when it is
 * taken up, a moment after the answer: what is taken up together is compared with earlier runs only, so that three
 * triggers of one transaction id make three runs.
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
      if (waiting.length === 1 && !isHeld) soon();
    },
    hold() {
      isHeld = true;
      return () => {
        isHeld = false;
        if (waiting.length > 0) soon();
      };
    },
  };

  function soon(): void {
    void activity.during(async () => {
      await new Promise(setImmediate);
      if (!isHeld) takeUp();
    });
  }

  function takeUp(): void {
    const taken = waiting;
    waiting = [];
    const fresh = taken.filter(({ transactionId }) => !state.runs.some((run) => run.transactionId === transactionId));
    state.runs.push(...fresh);
    fresh.forEach(begin);
  }
}
