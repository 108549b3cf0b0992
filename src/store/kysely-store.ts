import type { Kysely } from "kysely";
import { PermanentError } from "../lib/errors.ts";
import { groupCommit } from "../lib/group-commit.ts";
import { type Acceptance, acceptAll, acceptanceOf, bytesOf } from "./accept.ts";
import { decisionLog } from "./decisions.ts";
import { runFacts } from "./runs.ts";
import { setAsideList } from "./set-aside.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { workQueue } from "./work.ts";

/** How much may wait to be written, and how much is written together. */
const TOGETHER = {
  mostWaiting: 5_000,
  mostWaitingBytes: 256 * 1024 * 1024,
  mostTogether: 200,
  mostBytesTogether: 8 * 1024 * 1024,
};

/** Where the engines differ. */
interface EngineParts {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether a failed write is the fault of what was written. */
  isAboutAnItem: (error: unknown) => boolean;
  /** Whether claims of several processes may meet. */
  skipLocked: boolean;
  /** Tells other processes, once the transaction is done, that there is work. */
  announce(trx: Kysely<Tables>): Promise<void>;
  watch: Store["watch"];
  close: () => Promise<void>;
}

/** The store's promises in SQL that both engines speak; opening, locking and closing are the engine's. */
export function createKyselyStore({ db, now, isAboutAnItem, skipLocked, announce, watch, close }: EngineParts): Store {
  const accept = groupCommit<Acceptance, "accepted" | "duplicate">({
    commit: (group) =>
      db.transaction().execute(async (trx) => {
        const outcomes = await acceptAll(trx, group);
        if (outcomes.includes("accepted")) await announce(trx);
        return outcomes;
      }),
    bytesOf,
    isAboutAnItem,
    ...TOGETHER,
  });

  return {
    async accept(event, routing) {
      try {
        return await accept(acceptanceOf(event, routing, now()));
      } catch (error) {
        // RangeError: nested deeper than JSON.stringify goes.
        if (!(error instanceof RangeError || isAboutAnItem(error))) throw error;
        throw new PermanentError("the event cannot be stored", { cause: error });
      }
    },

    ...setAsideList({ db }),
    ...workQueue({ db, now, skipLocked }),
    ...runFacts({ db }),
    ...decisionLog({ db, now }),

    async ping() {
      const row = { name: "ping", next_at: now() };
      await db
        .insertInto("lines")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },

    watch,
    close,
  };
}
