/** The most functions that run together. */
const MOST_TOGETHER = 64;

/**
 * Waits while the turns of the event loop bring more, which was in the socket buffers, until there are `most`. The wait
 * ends after `turns` in a row without more: as many as an item takes from the socket until it counts.
 */
export async function untilNoMore(count: () => number, most: number, turns = 1): Promise<void> {
  for (let quiet = 0; quiet < turns && count() < most; ) {
    const before = count();
    await new Promise(setImmediate);
    quiet = count() > before ? 0 : quiet + 1;
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
