import { type Selectable, sql } from "kysely";
import type { JobRecord } from "../contracts/history.ts";
import { type ClaimedJob, type Job, QUEUES, type Queue } from "../contracts/job.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import type { Parts } from "./engine.ts";
import { jobQueue, waitingJobs } from "./job-queue.ts";
import { IS_DEAD, NEXT_AT, type Tables } from "./tables.ts";

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
  /** Deletes jobs that are done. */
  complete(ids: number[]): Promise<void>;
  /** Makes a job due again at `at`. `failed`: the attempt counts. `answered`: the service has answered the attempt. */
  retry(id: number, retry: { at: number; error: string; failed: boolean; answered: boolean }): Promise<void>;
  /** The job is dead until a redrive. `answered` as for `retry`; false by default. */
  giveUp(id: number, error: string, options?: { answered: boolean }): Promise<void>;
  /** Inserts a job that is due at `at`. A job with the same key stays, or is replaced when `replace` is true. */
  schedule(job: Job, at: number, options?: { replace: boolean }): Promise<void>;
  /** Gives dead jobs all their attempts again; answers how many jobs. */
  redrive(which: DeadSelection): Promise<number>;
  /** When the earliest waiting job of a queue is due; null when none waits. A leased job is due when its lease ends. */
  nextDueAt(queue: Queue): Promise<number | null>;
  count(): Promise<JobCounts>;
  countByQueue(): Promise<QueueCounts[]>;
  /** The most common error first. */
  countDeadByError(): Promise<Array<{ error: string; count: number }>>;
  /** Earliest due first. */
  listWaiting(queue: Queue, limit: number): Promise<JobRecord[]>;
  /** Newest first; `before` is an id. */
  listDead(query: { limit: number; error?: string | undefined; before?: number | undefined }): Promise<JobRecord[]>;
}

/** The queues of jobs that are scheduled for later. */
const SCHEDULED: Queue[] = ["persons", "receipts"];
/** A lease is shorter. */
const LEASED_FOR_MS = MINUTE_MS;

export function jobs(parts: Parts): Jobs {
  const { db, now } = parts;
  return {
    ...jobQueue(parts),

    async count() {
      const queues = await countByQueue();
      return {
        waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0),
        dead: queues.reduce((sum, { dead }) => sum + dead, 0),
      };
    },

    countByQueue,

    async countDeadByError() {
      const rows = await db
        .selectFrom("jobs")
        .select((row) => ["last_error", row.fn.countAll<number>().as("count")])
        .where(IS_DEAD)
        .groupBy("last_error")
        .orderBy("count", "desc")
        .orderBy("last_error")
        .execute();
      return rows.map(({ last_error, count }) => ({ error: last_error ?? "", count: Number(count) }));
    },

    async listWaiting(queue, limit) {
      const next = (isTried: boolean) =>
        waitingJobs(db, queue, isTried)
          .selectAll()
          .select(NEXT_AT.as("next_at"))
          .orderBy(NEXT_AT)
          .orderBy("id")
          .limit(limit)
          .execute();
      const [fresh, tried] = await Promise.all([next(false), next(true)]);
      return [...fresh, ...tried]
        .sort((a, b) => a.next_at - b.next_at || a.id - b.id)
        .slice(0, limit)
        .map(jobRecord);
    },

    async listDead({ limit, error, before }) {
      let query = db.selectFrom("jobs").selectAll().where(IS_DEAD);
      if (error !== undefined) query = query.where("last_error", "=", error);
      if (before !== undefined) query = query.where("id", "<", before);
      const rows = await query.orderBy("id", "desc").limit(limit).execute();
      return rows.map(jobRecord);
    },
  };

  async function countByQueue(): Promise<QueueCounts[]> {
    const dead = await db
      .selectFrom("jobs")
      .select((row) => ["queue", row.fn.countAll<number>().as("count")])
      .where(IS_DEAD)
      .groupBy("queue")
      .execute();
    return Promise.all(
      QUEUES.map(async (queue) => {
        const waiting = await Promise.all([false, true].map((isTried) => countWaiting(queue, isTried)));
        const due = waiting.flatMap(({ oldest }) => oldest ?? []);
        return {
          queue,
          waiting: waiting.reduce((sum, { count }) => sum + Number(count), 0),
          dead: Number(dead.find((row) => row.queue === queue)?.count ?? 0),
          oldestDueAt: due.length === 0 ? null : Math.min(...due),
        };
      }),
    );
  }

  /** A refresh, an overdue check or a next part that is due later is scheduled, not waiting. */
  function countWaiting(queue: Queue, isTried: boolean) {
    const isDue = sql<boolean>`due_at <= ${now()}`;
    return (
      waitingJobs(db, queue, isTried)
        .select((row) => [row.fn.countAll<number>().as("count"), row.fn.min("due_at").as("oldest")])
        // Very many jobs of these queues are due later, so only those are read that are due, or leased.
        .$if(SCHEDULED.includes(queue), (query) => query.where(NEXT_AT, "<=", now() + LEASED_FOR_MS).where(isDue))
        .$if(!SCHEDULED.includes(queue), (query) => query.where(sql<boolean>`(kind <> 'next part' or ${isDue})`))
        .executeTakeFirstOrThrow()
    );
  }
}

export function jobRecord(row: Selectable<Tables["jobs"]>): JobRecord {
  const { id, key, queue, state, attempts } = row;
  return { id, key, queue, state, attempts, dueAt: row.due_at, error: row.last_error };
}
