/** Too much is waiting to be written; the sender has to come back later. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

interface Waiting<Item, Result> {
  item: Item;
  bytes: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface GroupCommitOptions<Item, Result> {
  /** Writes all items in one transaction, and answers one result for each; all or nothing. */
  commit(items: Item[]): Promise<Result[]>;
  bytesOf(item: Item): number;
  /** Whether a failure is about what was to be written, and not about the store. */
  isAboutAnItem(error: unknown): boolean;
  /** At most so many wait, in number and bytes; more are refused with a BusyError. */
  mostWaiting: number;
  mostWaitingBytes: number;
  /** At most so many share one transaction, in number and bytes. */
  mostTogether: number;
  mostBytesTogether: number;
}

/**
 * Lets what arrives during a transaction share the next one: a busy store writes large groups, an
 * idle one writes at once, and nothing waits for a timer. Resolves when the item's own transaction
 * is on disk. An item that cannot be written fails alone.
 */
export function groupCommit<Item, Result>({
  commit,
  bytesOf,
  isAboutAnItem,
  ...bounds
}: GroupCommitOptions<Item, Result>) {
  const waiting: Waiting<Item, Result>[] = [];
  let waitingBytes = 0;
  let isWriting = false;

  return (item: Item): Promise<Result> => {
    const bytes = bytesOf(item);
    if (waiting.length >= bounds.mostWaiting || waitingBytes + bytes > bounds.mostWaitingBytes) {
      return Promise.reject(
        new BusyError(`${waiting.length} items of ${waitingBytes} bytes are waiting to be written`),
      );
    }
    return new Promise((resolve, reject) => {
      waiting.push({ item, bytes, resolve, reject });
      waitingBytes += bytes;
      if (!isWriting) void writeAll();
    });
  };

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      // A turn of the event loop, for whatever has arrived already: SQLite's transactions never yield to it.
      await new Promise(setImmediate);
      await write(nextGroup());
    }
    isWriting = false;
  }

  function nextGroup(): Waiting<Item, Result>[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of waiting) {
      if (count === bounds.mostTogether || (count > 0 && bytes + more > bounds.mostBytesTogether)) break;
      bytes += more;
      count += 1;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, count);
  }

  async function write(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await commit(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (group.length > 1 && isAboutAnItem(error)) for (const one of group) await write([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
