import type { Queue } from "../contracts/job.ts";
import type { Decisions } from "./decisions.ts";
import type { Devices } from "./devices.ts";
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
  devices: Devices;
  limits: Limits;
}

interface StoreListeners {
  /** A transaction has written a job of this queue that is due at `dueAt`; without it, another process may have. */
  jobs(queue: Queue, dueAt?: number): void;
  /** A transaction of this process has written something that a page shows. */
  changed(): void;
}

/**
 * The outbox: an event and its jobs are written in one transaction, then each job is completed, retried or given
 * up. Exits, limits, opt-outs, traits and deletions cover all ids of a person that were ever merged, whenever the merge
 * arrived. Every promise resolves when the disk has the change, and rejects when it has not. Times are ISO 8601 in
 * events and decisions, milliseconds since 1970 elsewhere.
 */
export interface Store extends Repositories {
  /**
   * Deletes up to `mostRows` rows that were written before `before`, in one short transaction. Answers how many, or
   * null when another process is deleting. Rows with a job stay. Opt-outs, devices and merges stay at any age, because
   * an id may return at any time.
   */
  prune(before: number, mostRows: number): Promise<number | null>;
  /** The returned function removes the listener. A listener runs after the transaction. */
  on<Name extends keyof StoreListeners>(name: Name, listener: StoreListeners[Name]): () => void;
  /** Throws when nothing can be written now. */
  ping(): Promise<void>;
  /**
   * Copies the store of this moment to a new file; inserts continue meanwhile. The copy can be opened as `bridge.db` in
   * another DATA_DIR. Throws with PostgreSQL, and names pg_dump.
   */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

/** The methods that only read, for a command beside the app. */
const READS = {
  events: [
    "findKnown",
    "listIgnored",
    "listIgnoredOf",
    "countIgnored",
    "listHours",
    "listArrived",
    "listReplies",
    "listOptOutChanges",
  ],
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
    "listDistinctIds",
    "findMergedIds",
    "listOf",
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
