/** The most functions that wait for each other. */
const MOST_TOGETHER = 64;

let waiting: Array<() => void> = [];

/**
 * Calls `run` at the end of this turn of the event loop, together with all that wait for it; if the next turn brings
 * more, at the end of that turn. Code that handles one request between two system calls takes up to three times as long
 * as code that handles many requests in a row. `run` must not throw.
 */
export function atEndOfTurn(run: () => void): void {
  if (waiting.length === 0) setImmediate(runUnlessMore, 0);
  waiting.push(run);
}

function runUnlessMore(before: number): void {
  if (waiting.length > before && waiting.length < MOST_TOGETHER) {
    setImmediate(runUnlessMore, waiting.length);
    return;
  }
  const all = waiting;
  waiting = [];
  for (const run of all) run();
}
