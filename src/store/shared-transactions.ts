import type { Kysely } from "kysely";
import { type Engine, inTransaction, together } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** The most works in one transaction, because no request is read meanwhile. */
const MOST_TOGETHER = 64;

/**
 * Works that arrive during a transaction share the next one, because each commit waits for the disk. If one of them
 * fails, nothing is written, and each runs again in a transaction of its own. So a work changes nothing but the store.
 */
export function sharedTransactions(db: Kysely<Tables>): Engine["share"] {
  const share = together<Parameters<Engine["share"]>[0], unknown>(
    (works) =>
      inTransaction(db, async (trx) => {
        const results: unknown[] = [];
        for (const work of works) results.push(await work(trx));
        return results;
      }),
    { mostInBatch: MOST_TOGETHER, isAboutAnItem: () => true },
  );
  return (work) => share(work) as ReturnType<typeof work>;
}
