import type { Queue } from "../contracts/job.ts";
import type { Decisions } from "./decisions.ts";
import type { Events } from "./events.ts";
import type { Jobs } from "./jobs.ts";
import type { Limits } from "./limits.ts";
import type { People } from "./people.ts";
import type { Runs } from "./runs.ts";

export interface Repositories {
  events: Events;
  runs: Runs;
  jobs: Jobs;
  decisions: Decisions;
  people: People;
  limits: Limits;
}

interface StoreListeners {
  /** A transaction has written a job of this queue, here or in another process. */
  jobs(queue: Queue): void;
  /** A transaction of this process has written something that a page shows. */
  changed(): void;
}

/**
 * The outbox: an event and its jobs are written in one transaction, then each job is completed, retried or given
 * up. A query by a distinct id covers all ids that were ever merged with it, whenever the merge arrived. Every
 * promise resolves when the disk has the change, and rejects when it has not. Times are ISO 8601 in events and
 * decisions, milliseconds since 1970 elsewhere.
 */
export interface Store extends Repositories {
  /**
   * Deletes up to `mostRows` of what was written before `before`, whenever it happened, in one short transaction;
   * answers how many there were, or null when another process does it. Records with a waiting job stay, and so do
   * merges, because an id may return at any time, and opt-outs.
   */
  prune(before: number, mostRows: number): Promise<number | null>;
  /** The answer ends the subscription. A listener runs after the transaction. */
  on<Name extends keyof StoreListeners>(name: Name, listener: StoreListeners[Name]): () => void;
  /** Throws when nothing can be written now. */
  ping(): Promise<void>;
  /**
   * Copies the store of this moment to a file that is not there yet; inserts go on meanwhile. The copy is a store:
   * as `bridge.db` in a DATA_DIR of its own it can be opened. PostgreSQL refuses, and names pg_dump.
   */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

/** The methods that only read, for a command beside the app. */
const READS = {
  events: ["findKnown", "listIgnored", "listIgnoredOf", "countIgnored"],
  runs: [
    "findState",
    "findExitSince",
    "findRecipient",
    "findShape",
    "findShapeOf",
    "listShapes",
    "findLastExits",
    "listAbsent",
    "listOccurrences",
    "list",
    "history",
    "countOutcomes",
    "countByWorkflow",
    "countLost",
  ],
  jobs: ["nextDueAt", "count", "countByQueue", "countDeadByError", "listWaiting", "listDead"],
  decisions: ["list", "listOfRuns", "listDecidedSteps", "findCustomValues", "findVariants"],
  people: ["findSentProfile", "findTraits", "findOptOuts", "listBounces", "listRecords", "isJoining"],
} as const satisfies { [Repository in keyof Store]?: Array<keyof Store[Repository]> };

type Reads = typeof READS;
type ReadOf<Repository extends keyof Reads> = Pick<
  Store[Repository],
  Reads[Repository][number] & keyof Store[Repository]
>;

export type ReadStore = { [Repository in keyof Reads]: ReadOf<Repository> } & Pick<Store, "close">;

export function onlyReads(store: Store): ReadStore {
  const repositories = Object.entries(READS).map(([repository, names]) => {
    const methods = store[repository as keyof Reads] as unknown as Record<string, unknown>;
    return [repository, Object.fromEntries(names.map((name) => [name, methods[name]]))];
  });
  return { ...Object.fromEntries(repositories), close: store.close };
}
