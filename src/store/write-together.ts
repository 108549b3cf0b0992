import { batchCommit } from "../lib/batch-commit.ts";

/** With more waiting, the database does not answer any more. */
const MOST_WAITING = 20_000;
/** SQLite takes 32,766 values in one statement. */
const MOST_TOGETHER = 500;

/** Small reads and writes that arrive during a statement share the next one. */
export function together<Item, Result>(ask: (items: Item[]) => Promise<Result[]>): (item: Item) => Promise<Result> {
  return batchCommit<Item, Result>({
    commit: ask,
    bytesOf: () => 1,
    isAboutAnItem: () => false,
    mostWaiting: MOST_WAITING,
    mostWaitingBytes: MOST_WAITING,
    mostInBatch: MOST_TOGETHER,
    mostBatchBytes: MOST_TOGETHER,
  });
}
