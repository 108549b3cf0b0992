import type { Kysely } from "kysely";
import { type Engine, inTransaction, together } from "./engine.ts";
import type { Tables } from "./tables.ts";

type Share = Engine["share"];

/** The most works in one transaction, because no request is read meanwhile. */
const MOST_TOGETHER = 64;
/** On a busy store, transactions of events begin at most this far apart. */
const BUSY_WITHIN_MS = 20;

/**
 * Works that arrive during a transaction share the next one, because each commit waits for the disk. If one of them
 * fails, nothing is written, and each runs again in a transaction of its own. So a work changes nothing but the store.
 * On a busy store, other works wait for the next transaction of events.
 */
export function sharedTransactions(db: Kysely<Tables>): { ofEvents: Share; ofOthers: Share } {
  const share = together<Parameters<Share>[0], unknown>(
    (works) =>
      inTransaction(db, async (trx) => {
        const results: unknown[] = [];
        for (const work of works) results.push(await work(trx));
        return results;
      }),
    { mostInBatch: MOST_TOGETHER, isAboutAnItem: () => true },
  );
  const commit: Share = (work) => share(work) as ReturnType<typeof work>;
  let waiting: Array<() => void> = [];
  let timer: NodeJS.Timeout | undefined;
  let busyUntil = 0;
  let eventsAt = Number.NEGATIVE_INFINITY;

  return {
    ofEvents(work) {
      const now = performance.now();
      if (now - eventsAt < BUSY_WITHIN_MS) busyUntil = now + BUSY_WITHIN_MS;
      eventsAt = now;
      const done = commit(work);
      commitWaiting();
      return done;
    },
    async ofOthers(work) {
      if (performance.now() < busyUntil)
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          timer ??= setTimeout(commitWaiting, BUSY_WITHIN_MS);
        });
      return commit(work);
    },
  };

  function commitWaiting(): void {
    clearTimeout(timer);
    timer = undefined;
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  }
}
