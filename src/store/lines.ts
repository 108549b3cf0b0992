import { type Kysely, sql } from "kysely";
import type { Limits } from "./limits.ts";
import type { Tables } from "./tables.ts";

type ReserveSlots = Limits["reserveSlots"];

/** More calls than that are never waiting; a place further ahead comes from a clock that was wrong. */
const MOST_AHEAD_MS = 10_000;

/** A line that the processes on one PostgreSQL stand in together, by its clock. */
export function linesIn(db: Kysely<Tables>): ReserveSlots {
  const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`;
  return async (line, count, intervalMs) => {
    const takenMs = count * intervalMs;
    const { next_in, was_ahead } = await db
      .insertInto("lines")
      .values({ name: line, next_at: sql<number>`${now} + ${takenMs}` })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({
          next_at: sql<number>`
            (case when lines.next_at between ${now} and ${now} + ${MOST_AHEAD_MS} then lines.next_at else ${now} end) + ${takenMs}`,
        }),
      )
      .returning([
        sql<number>`lines.next_at - ${now}`.as("next_in"),
        // A subquery still sees the row as it was before.
        sql<number | null>`(select before.next_at - ${now} from lines as before where before.name = ${line})`.as(
          "was_ahead",
        ),
      ])
      .executeTakeFirstOrThrow();
    const aheadMs = was_ahead ?? 0;
    return { waitMs: Math.max(0, next_in - takenMs), disbelievedMs: aheadMs > MOST_AHEAD_MS ? aheadMs : 0 };
  };
}

/** A line that only this process stands in, by a clock that nobody sets. */
export function linesHere(): ReserveSlots {
  const nextAt = new Map<string, number>();
  return async (line, count, intervalMs) => {
    const now = performance.now();
    const first = Math.max(nextAt.get(line) ?? 0, now);
    nextAt.set(line, first + count * intervalMs);
    return { waitMs: first - now, disbelievedMs: 0 };
  };
}
