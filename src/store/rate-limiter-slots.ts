import { type Kysely, sql } from "kysely";
import type { Limits } from "./limits.ts";
import type { Tables } from "./tables.ts";

type ReserveSlots = Limits["reserveSlots"];

/** More calls never wait; a slot further ahead was reserved by a wrong clock. */
const MOST_AHEAD_MS = 10_000;

/** Slots that the processes on one PostgreSQL share, by its clock. */
export function slotsInDatabase(db: Kysely<Tables>): ReserveSlots {
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
        // A subquery reads the row as it was before.
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
export function slotsInMemory(): ReserveSlots {
  const nextAt = new Map<string, number>();
  return async (limiter, count, intervalMs) => {
    const now = performance.now();
    const first = Math.max(nextAt.get(limiter) ?? 0, now);
    nextAt.set(limiter, first + count * intervalMs);
    return { waitMs: first - now, disbelievedMs: 0 };
  };
}
