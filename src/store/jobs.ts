import type { JobRecord } from "../contracts/history.ts";
import type { Job, Queue } from "../contracts/job.ts";

/** A job that this process has leased. */
export interface ClaimedJob {
  id: number;
  /** The job as JSON; another version may have written it. */
  body: string;
  /** How often it has failed. */
  attempts: number;
  /** Whether it was retried or postponed before. */
  isTried: boolean;
  /** How often the other side has refused it. Its idempotency key changes with it: Novu answers the same key with the same refusal. */
  refusals: number;
}

export interface JobCounts {
  waiting: number;
  dead: number;
}

/** `oldestDueAt` is null when no job waits. */
export interface QueueCounts extends JobCounts {
  queue: Queue;
  oldestDueAt: number | null;
}

/** Dead jobs: one, all with one cause, or all. */
export type DeadSelection = { id: number } | { error: string } | "all";

export interface Jobs {
  /**
   * Leases up to `limit` due jobs of a queue, oldest first; no other claim gets them for `leaseMs`. Completes
   * `done` in the same transaction.
   */
  claim(queue: Queue, limit: number, leaseMs: number, done?: number[]): Promise<ClaimedJob[]>;
  /** Extends leases to `leaseMs` from now. */
  renew(ids: number[], leaseMs: number): Promise<void>;
  /** Deletes them. */
  complete(ids: number[]): Promise<void>;
  /** `failed` counts as an attempt; `answered` means that the other side has answered. */
  retry(id: number, retry: { at: number; error: string; failed: boolean; answered: boolean }): Promise<void>;
  /** The job is dead until a redrive; `answered` as for `retry`, false when left out. */
  giveUp(id: number, error: string, options?: { answered: boolean }): Promise<void>;
  /** Inserts a job; of two with the same key the first time is valid, or with `replace` the last. */
  schedule(job: Job, at: number, options?: { replace: boolean }): Promise<void>;
  /** Gives dead jobs all their attempts again, from now; answers how many. */
  redrive(which: DeadSelection): Promise<number>;
  /** When the earliest waiting job of a queue is due; null when none waits. A claimed job counts at the end of its lease. */
  nextDueAt(queue: Queue): Promise<number | null>;
  count(): Promise<JobCounts>;
  countByQueue(): Promise<QueueCounts[]>;
  /** The commonest first. */
  countDeadByError(): Promise<Array<{ error: string; count: number }>>;
  /** Earliest due first. */
  listWaiting(queue: Queue, limit: number): Promise<JobRecord[]>;
  /** Newest first; `before` is an id. */
  listDead(query: { limit: number; error?: string | undefined; before?: number | undefined }): Promise<JobRecord[]>;
}
