/** Too much is waiting to be written, or for too long; the sender has to come back later. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

interface Waiting<Item, Result> {
  item: Item;
  bytes: number;
  /** When it came. */
  since: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface BatchCommitOptions<Item, Result> {
  /** Writes all items in one transaction, and answers one result for each; all or nothing. */
  commit(items: Item[]): Promise<Result[]>;
  bytesOf(item: Item): number;
  /** Whether a failure is about what was to be written, and not about the store. */
  isAboutAnItem(error: unknown): boolean;
  /** At most so many wait, in number and bytes; more are refused with a BusyError. */
  mostWaiting: number;
  /** Who has waited so long is refused with a BusyError; the item may still be written. */
  mostWaitMs?: number;
  mostWaitingBytes: number;
  /** At most so many share one transaction, in number and bytes. */
  mostTogether: number;
  mostBytesTogether: number;
  /** How many transactions at once, where they do not stand in each other's way; 1 unless said otherwise. */
  atOnce?: number;
}

/**
 * Lets what arrives during a transaction share the next one: a busy store writes large groups, an
 * idle one writes at once, and nothing waits for a timer. Resolves when the item's own transaction
 * is on disk. An item that cannot be written fails alone.
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
  /** In the order they came. */
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
        watchTheOldest();
      }
      if (inProgress < atOnce) void writeAll();
    });
  };

  /** One timer, for whoever has waited longest. */
  function watchTheOldest(): void {
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
        watchTheOldest();
      },
      Math.max(1, oldest.since + mostWaitMs - performance.now()),
    );
  }

  async function writeAll(): Promise<void> {
    inProgress += 1;
    while (waiting.length > 0) {
      await arrivals();
      const group = nextGroup();
      if (group.length > 0) await write(group);
    }
    inProgress -= 1;
  }

  /** Turns of the event loop for as long as each brings more: what is there already costs no time to take along. */
  async function arrivals(): Promise<void> {
    for (let before = -1; waiting.length > before && waiting.length < bounds.mostTogether; ) {
      before = waiting.length;
      await new Promise(setImmediate);
    }
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
      for (const [index, one] of group.entries()) answered(one).resolve(results[index] as Result);
    } catch (error) {
      if (group.length > 1 && isAboutAnItem(error)) for (const one of group) await write([one]);
      else for (const one of group) answered(one).reject(error);
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
