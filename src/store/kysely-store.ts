import type { Kysely } from "kysely";
import type { Queue } from "../contracts/job.ts";
import { counts } from "./counts.ts";
import { decisionLog } from "./decision-log.ts";
import { emitChanges, type Repositories } from "./emit-changes.ts";
import { createEmitter } from "./emitter.ts";
import { entries } from "./entries.ts";
import { frequencyCap } from "./frequency-cap.ts";
import { histories } from "./history.ts";
import { ignoredEvents } from "./ignored-events.ts";
import { type InsertParts, insertEvents } from "./insert-events.ts";
import type { FromRows } from "./insert-rows.ts";
import { jobQueue } from "./job-queue.ts";
import { knownEvents } from "./known-events.ts";
import { lastExits } from "./last-exits.ts";
import { leases } from "./leases.ts";
import type { Limits } from "./limits.ts";
import { merges } from "./merges.ts";
import { openRuns } from "./open-runs.ts";
import { optOuts } from "./opt-outs.ts";
import { overview } from "./overview.ts";
import { personRecords } from "./person-records.ts";
import { reports } from "./reports.ts";
import { retention } from "./retention.ts";
import { runExits } from "./run-exits.ts";
import { runList } from "./run-list.ts";
import { runStates } from "./run-states.ts";
import { sentProfiles } from "./sent-profiles.ts";
import { sessions } from "./sessions.ts";
import { shapes } from "./shapes.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { traits } from "./traits.ts";
import { variants } from "./variants.ts";

/** The differences between the engines. */
interface EngineParts {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether a failed write is the fault of the row. */
  isAboutAnItem: (error: unknown) => boolean;
  /** Whether claims of several processes may meet. */
  skipLocked: boolean;
  fromRows: FromRows;
  writeTogether: InsertParts["writeTogether"];
  /** How many groups of events may be written side by side. */
  groupsAtOnce: number;
  reserveSlots: Limits["reserveSlots"];
  /** Whether this transaction may sweep; no other does until it ends. */
  takeSweep(trx: Kysely<Tables>): Promise<boolean>;
  /** Blocks other transactions that lock this name until this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
  /** Notifies other processes of a new job; a process that the notification does not reach finds the job by polling. */
  announce(queue: Queue): void;
  /** Calls `wake` when another process may have written a job of a queue; the answer ends that. */
  watch(wake: (queue: Queue) => void): () => Promise<void>;
  backup: Store["backup"];
  close: () => Promise<void>;
}

/** The store in SQL that both engines speak; opening, locking and closing are the engine's. */
export function createKyselyStore(engine: EngineParts): Store {
  const { db, now, takeSweep, watch, backup } = engine;
  const emitter = createEmitter();
  const { changed } = emitter;
  let stopWatching: (() => Promise<void>) | undefined;

  return {
    ...emitChanges(createRepositories({ ...engine, changed, announce }), changed),
    prune: retention({ db, takeSweep }).prune,

    async ping() {
      const row = { name: "ping", next_at: now() };
      await db
        .insertInto("leases")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },

    on(name, listener) {
      if (name === "jobs") stopWatching ??= watch(emitter.jobs);
      return emitter.on(name, listener);
    },

    backup,

    async close() {
      await stopWatching?.();
      await engine.close();
    },
  };

  function announce(queue: Queue): void {
    emitter.jobs(queue);
    engine.announce(queue);
  }
}

function createRepositories(parts: EngineParts & { changed(): void }): Repositories {
  const { countByWorkflow, countLost, listOccurrences, count, countByQueue } = counts(parts);
  const { countOutcomes, countIgnored, listIgnored, listWaiting, listDead } = overview(parts);
  const { saveCustomValue, findCustomValues, ...shapesOnly } = shapes(parts);

  return {
    events: {
      insert: insertEvents(parts),
      findKnown: knownEvents(parts),
      ...ignoredEvents(parts),
      listIgnored,
      countIgnored,
    },
    runs: {
      ...runStates(parts),
      ...runExits(parts),
      ...openRuns(parts),
      ...entries(parts),
      ...lastExits(parts),
      ...shapesOnly,
      ...runList(parts),
      ...histories(parts),
      countOutcomes,
      countByWorkflow,
      countLost,
      listOccurrences,
    },
    jobs: { ...jobQueue(parts), count, countByQueue, listWaiting, listDead },
    decisions: {
      ...decisionLog(parts),
      ...reports(parts),
      ...variants(parts),
      saveCustomValue,
      findCustomValues,
    },
    people: {
      ...sentProfiles(parts),
      ...traits(parts),
      ...optOuts(parts),
      ...merges(parts),
      ...personRecords(parts),
    },
    limits: { reserveSlots: parts.reserveSlots, ...leases(parts), ...frequencyCap(parts), ...sessions(parts) },
  };
}
