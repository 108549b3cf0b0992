import { type Kysely, sql } from "kysely";
import { DAY_MS } from "../lib/durations.ts";
import type { Parts } from "./engine.ts";
import { type Send, sends } from "./sends.ts";
import type { Tables } from "./tables.ts";

export interface Limits {
  /**
   * Reserves `count` slots of a rate limiter that all processes share, `intervalMs` apart. `waitMs` is the time until
   * the first slot. `disbelievedMs` is how far ahead a wrong clock had set the limiter; 0 when none had.
   */
  reserveSlots(limiter: string, count: number, intervalMs: number): Promise<{ waitMs: number; disbelievedMs: number }>;
  /**
   * Leases a periodic task to this process for `leaseMs`. Answers null when this process has the lease now, otherwise
   * the time of the next run or the end of the other process's lease.
   */
  takeLease(name: string, leaseMs: number): Promise<number | null>;
  /** Only for the process that holds the lease. */
  setNextRun(name: string, nextAt: number): Promise<void>;
  /**
   * Whether the person may get this message: fewer than `most` messages count in the last `withinMs`. An allowed
   * message counts from then on, until its decision is not to send it.
   */
  reserveSend(send: Send, cap: { most: number; withinMs: number }): Promise<boolean>;
  /** The number of messages of this person that count under the cap now. */
  countSends(distinctId: string, cap: { withinMs: number }): Promise<number>;
  /** Counts a request to Novu to call this step again; answers how many there were. */
  postponeSend(send: Send): Promise<number>;
  /** Saves that a studio session was logged out. The session expires at `expiresAt`, and its record is deleted then. */
  endSession(id: string, expiresAt: number): Promise<void>;
  hasEnded(sessionId: string): Promise<boolean>;
}

/** Twice the longest time between two runs of a task. A lease further ahead was set by a wrong clock. */
const LONGEST_LEASE_MS = 2 * DAY_MS;
/** Waiting calls never reserve slots further ahead than this. A slot further ahead was reserved by a wrong clock. */
const MOST_AHEAD_MS = 10_000;

export function limits(parts: Parts): Limits {
  const { db, now, reserveSlots } = parts;
  return {
    reserveSlots,
    ...sends(parts),

    async takeLease(name, leaseMs) {
      const leased = await db
        .insertInto("leases")
        .values({ name, next_at: now() + leaseMs })
        .onConflict((conflict) =>
          conflict
            .column("name")
            .doUpdateSet({ next_at: now() + leaseMs })
            .where(({ eb, or }) =>
              or([eb("leases.next_at", "<=", now()), eb("leases.next_at", ">", now() + LONGEST_LEASE_MS)]),
            ),
        )
        .returning("next_at")
        .executeTakeFirst();
      if (leased !== undefined) return null;
      const { next_at } = await db
        .selectFrom("leases")
        .select("next_at")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      return next_at;
    },

    async setNextRun(name, nextAt) {
      await db.updateTable("leases").set({ next_at: nextAt }).where("name", "=", name).execute();
    },

    async endSession(id, expiresAt) {
      await db.deleteFrom("ended_sessions").where("expires_at", "<=", now()).execute();
      await db
        .insertInto("ended_sessions")
        .values({ id, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async hasEnded(sessionId) {
      const row = await db.selectFrom("ended_sessions").select("id").where("id", "=", sessionId).executeTakeFirst();
      return row !== undefined;
    },
  };
}

/** Slots that all processes on one PostgreSQL share, by the clock of PostgreSQL. */
export function slotsInDatabase(db: Kysely<Tables>): Limits["reserveSlots"] {
  const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`;
  return async (limiter, count, intervalMs) => {
    const reservedMs = count * intervalMs;
    const { next_in, was_ahead } = await db
      .insertInto("rate_limiters")
      .values({ name: limiter, next_at: sql<number>`${now} + ${reservedMs}` })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({
          next_at: sql<number>`
            (case when rate_limiters.next_at between ${now} and ${now} + ${MOST_AHEAD_MS} then rate_limiters.next_at else ${now} end) + ${reservedMs}`,
        }),
      )
      .returning([
        sql<number>`rate_limiters.next_at - ${now}`.as("next_in"),
        // A subquery reads the row as it was before this statement.
        sql<
          number | null
        >`(select before.next_at - ${now} from rate_limiters as before where before.name = ${limiter})`.as("was_ahead"),
      ])
      .executeTakeFirstOrThrow();
    const aheadMs = was_ahead ?? 0;
    return { waitMs: Math.max(0, next_in - reservedMs), disbelievedMs: aheadMs > MOST_AHEAD_MS ? aheadMs : 0 };
  };
}

/** Slots of this process alone, by a monotonic clock. */
export function slotsInMemory(): Limits["reserveSlots"] {
  const nextAt = new Map<string, number>();
  return async (limiter, count, intervalMs) => {
    const now = performance.now();
    const first = Math.max(nextAt.get(limiter) ?? 0, now);
    nextAt.set(limiter, first + count * intervalMs);
    return { waitMs: first - now, disbelievedMs: 0 };
  };
}
