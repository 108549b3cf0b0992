/** The most functions that run together. */
const MOST_TOGETHER = 64;

/** Waits while each turn of the event loop brings more, which was in the socket buffers, until there are `most`. */
export async function untilNoMore(count: () => number, most: number): Promise<void> {
  for (let before = -1; count() > before && count() < most; ) {
    before = count();
    await new Promise(setImmediate);
  }
}

/** A process has one event loop, and so one list. */
let waiting: Array<() => void> = [];

/**
 * Calls `run` at the end of the next turn of the event loop, or of a later turn while each turn brings more calls of
 * this function. All that wait run in a row: code that handles one request between two system calls takes up to three
 * times as long. `run` must not throw.
 */
export function atEndOfTurn(run: () => void): void {
  waiting.push(run);
  if (waiting.length === 1) void runAll();
}

async function runAll(): Promise<void> {
  await new Promise(setImmediate);
  await untilNoMore(() => waiting.length, MOST_TOGETHER);
  const all = waiting;
  waiting = [];
  for (const run of all) run();
}
