import { type Kysely, sql } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

type TakePlaces = Store["takePlaces"];

/** A line that the processes on one database stand in together. */
export function linesIn(db: Kysely<Tables>): TakePlaces {
  return async (line, count, intervalMs) => {
    const [realNow, takenMs] = [Date.now(), count * intervalMs];
    const { next_at } = await db
      .insertInto("lines")
      .values({ name: line, next_at: realNow + takenMs })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({
          next_at: sql<number>`(case when lines.next_at > ${realNow} then lines.next_at else ${realNow} end) + ${takenMs}`,
        }),
      )
      .returning("next_at")
      .executeTakeFirstOrThrow();
    return next_at - takenMs;
  };
}

/** A line that only this process stands in. */
export function linesHere(): TakePlaces {
  const nextAt = new Map<string, number>();
  return async (line, count, intervalMs) => {
    const first = Math.max(nextAt.get(line) ?? 0, Date.now());
    nextAt.set(line, first + count * intervalMs);
    return first;
  };
}
