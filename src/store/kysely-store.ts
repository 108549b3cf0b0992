import type { Kysely } from "kysely";
import type { Queue } from "../contracts/job.ts";
import { createArrivalClock } from "../lib/arrival-clock.ts";
import { batchCommit } from "../lib/batch-commit.ts";
import { PermanentError } from "../lib/errors.ts";
import { type AcceptParts, acceptAll } from "./accept.ts";
import { type Acceptance, acceptanceOf, bytesOf } from "./acceptance.ts";
import { captures } from "./captures.ts";
import { counts } from "./counts.ts";
import { decisionLog } from "./decisions.ts";
import { entries } from "./entries.ts";
import { histories } from "./history.ts";
import { ignoredEvents } from "./ignored-events.ts";
import type { FromRows } from "./insert-rows.ts";
import { jobQueue } from "./jobs.ts";
import { knownEvents } from "./known-events.ts";
import { lastExits } from "./last-exits.ts";
import { optOuts } from "./opt-outs.ts";
import { overview } from "./overview.ts";
import { merges } from "./people.ts";
import { profileMemory } from "./profiles.ts";
import { retention } from "./retention.ts";
import { runFacts } from "./runs.ts";
import { sends } from "./sends.ts";
import { sessions } from "./sessions.ts";
import { shapes } from "./shapes.ts";
import type { Accepted, Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { traitMemory } from "./traits.ts";
import { turns } from "./turns.ts";
import { variantMemory } from "./variants.ts";

/** How much may wait to be written, and how much is written together. */
const TOGETHER = {
  mostWaiting: 5_000,
  // PostHog waits 3 s for an answer.
  mostWaitMs: 2_500,
  mostWaitingBytes: 256 * 1024 * 1024,
  mostInBatch: 200,
  mostBatchBytes: 8 * 1024 * 1024,
};

/** Where the engines differ. */
interface EngineParts {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether a failed write is the fault of what was written. */
  isAboutAnItem: (error: unknown) => boolean;
  /** Whether claims of several processes may meet. */
  skipLocked: boolean;
  fromRows: FromRows;
  writeTogether: AcceptParts["writeTogether"];
  /** How many groups of events may be written side by side. */
  groupsAtOnce: number;
  reserveSlots: Store["reserveSlots"];
  /** Whether this transaction may sweep; no other does until it ends. */
  takeSweep(trx: Kysely<Tables>): Promise<boolean>;
  /** Lets no other transaction that asks for this name go on before this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
  /** Tells other processes that there is work; whom the word does not reach finds it by looking. */
  announce(queue: Queue): void;
  watch: Store["watch"];
  backup: Store["backup"];
  close: () => Promise<void>;
}

/** The store's promises in SQL that both engines speak; opening, locking and closing are the engine's. */
export function createKyselyStore({
  db,
  now,
  isAboutAnItem,
  skipLocked,
  fromRows,
  writeTogether,
  groupsAtOnce,
  reserveSlots,
  takeSweep,
  lock,
  announce,
  watch,
  backup,
  close,
}: EngineParts): Store {
  const accept = batchCommit<Acceptance, Accepted>({
    async commit(group) {
      const outcomes = await acceptAll(group, { db, fromRows, writeTogether, isAboutAnItem });
      announce("novu");
      for (const queue of new Set(group.flatMap(({ others }) => others.map(({ job }) => job.queue)))) announce(queue);
      return outcomes;
    },
    bytesOf,
    isAboutAnItem,
    atOnce: groupsAtOnce,
    ...TOGETHER,
  });

  const nextArrival = createArrivalClock(now);

  return {
    async accept(event, routing) {
      try {
        return await accept(acceptanceOf(event, routing, now(), nextArrival()));
      } catch (error) {
        // RangeError: nested deeper than JSON.stringify goes.
        if (!(error instanceof RangeError || isAboutAnItem(error))) throw error;
        throw new PermanentError("the event cannot be stored", { cause: error });
      }
    },

    knownEvents: knownEvents({ db }),
    ...ignoredEvents({ db, now }),
    ...jobQueue({ db, now, skipLocked, announce }),
    ...runFacts({ db, now, fromRows, announce }),
    ...entries({ db, now, fromRows }),
    ...lastExits({ db }),
    ...turns({ db, now }),
    ...counts({ db, now }),
    ...profileMemory({ db, now, fromRows }),
    ...traitMemory({ db }),
    ...decisionLog({ db, now, lock, announce }),
    ...sends({ db, now, lock }),
    ...sessions({ db, now }),
    ...shapes({ db, now }),
    ...variantMemory({ db, now }),
    ...captures({ db, now, announce }),
    ...optOuts({ db, now, lock, announce }),
    ...merges({ db, now, fromRows }),
    ...retention({ db, takeSweep }),
    ...histories({ db }),
    ...overview({ db }),

    async ping() {
      const row = { name: "ping", next_at: now() };
      await db
        .insertInto("lines")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },

    reserveSlots,
    watch,
    backup,
    close,
  };
}
