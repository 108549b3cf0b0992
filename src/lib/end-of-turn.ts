let waiting: Array<() => void> = [];

/**
 * Calls `run` at the end of this turn of the event loop, together with all that wait for it. Code that handles one
 * request between two system calls takes up to twice as long as code that handles many requests in a row. `run` must not
 * throw.
 */
export function atEndOfTurn(run: () => void): void {
  if (waiting.length === 0) setImmediate(runAll);
  waiting.push(run);
}

function runAll(): void {
  const all = waiting;
  waiting = [];
  for (const run of all) run();
}
