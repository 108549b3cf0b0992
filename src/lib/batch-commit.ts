import { untilNoMore } from "./end-of-turn.ts";

/** Too many items wait, or one waited too long. The sender has to try again later. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

interface Waiting<Item, Result> {
  item: Item;
  bytes: number;
  /** The time of arrival, by performance.now(). */
  since: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface BatchCommitOptions<Item, Result> {
  /** Writes all items in one transaction, and returns one result for each. */
  commit(items: Item[]): Promise<Result[]>;
  bytesOf(item: Item): number;
  /** Whether an item caused the failure, and not the store. */
  isAboutAnItem(error: unknown): boolean;
  /** While this many items wait, a further item is rejected with a BusyError. */
  mostWaiting: number;
  /** An item that waited this long is rejected with a BusyError; it may still be written. */
  mostWaitMs?: number;
  mostWaitingBytes: number;
  /** The most items in one transaction. */
  mostInBatch: number;
  mostBatchBytes: number;
  /** Transactions at the same time; 1 by default. */
  atOnce?: number;
}

/**
 * Items that arrive during a transaction share the next one. A busy store writes large batches, an idle one
 * writes at once, and no item waits for a timer. Resolves when the item's transaction is committed. An item
 * that cannot be written fails alone.
 */
export function batchCommit<Item, Result>({
  commit,
  bytesOf,
  isAboutAnItem,
  atOnce = 1,
  ...bounds
}: BatchCommitOptions<Item, Result>) {
  const waiting: Waiting<Item, Result>[] = [];
  let waitingBytes = 0;
  let inProgress = 0;
  /** Oldest first. */
  const unanswered = new Set<Waiting<Item, Result>>();
  let timer: NodeJS.Timeout | undefined;

  return (item: Item): Promise<Result> => {
    const bytes = bytesOf(item);
    if (waiting.length >= bounds.mostWaiting || waitingBytes + bytes > bounds.mostWaitingBytes) {
      return Promise.reject(
        new BusyError(`${waiting.length} items of ${waitingBytes} bytes are waiting to be written`),
      );
    }
    return new Promise((resolve, reject) => {
      const one: Waiting<Item, Result> = { item, bytes, since: performance.now(), resolve, reject };
      waiting.push(one);
      waitingBytes += bytes;
      if (bounds.mostWaitMs !== undefined) {
        unanswered.add(one);
        watchOldest();
      }
      if (inProgress < atOnce) void writeAll();
    });
  };

  /** One timer, for the oldest item. */
  function watchOldest(): void {
    const { mostWaitMs = 0 } = bounds;
    const [oldest] = unanswered;
    if (timer !== undefined || oldest === undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        for (const one of unanswered) {
          if (performance.now() - one.since < mostWaitMs) break;
          unanswered.delete(one);
          one.reject(new BusyError(`not written within ${mostWaitMs} ms`));
        }
        watchOldest();
      },
      Math.max(1, oldest.since + mostWaitMs - performance.now()),
    );
  }

  async function writeAll(): Promise<void> {
    inProgress += 1;
    while (waiting.length > 0) {
      await untilNoMore(() => waiting.length, bounds.mostInBatch);
      const batch = nextBatch();
      if (batch.length > 0) await write(batch);
    }
    inProgress -= 1;
  }

  function nextBatch(): Waiting<Item, Result>[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of waiting) {
      if (count === bounds.mostInBatch || (count > 0 && bytes + more > bounds.mostBatchBytes)) break;
      bytes += more;
      count += 1;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, count);
  }

  async function write(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
      for (const [index, one] of batch.entries()) answered(one).resolve(results[index] as Result);
    } catch (error) {
      if (batch.length > 1 && isAboutAnItem(error)) for (const one of batch) await write([one]);
      else for (const one of batch) answered(one).reject(error);
    }
  }

  function answered(one: Waiting<Item, Result>): Waiting<Item, Result> {
    unanswered.delete(one);
    if (unanswered.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
    return one;
  }
}
