import { type Kysely, sql } from "kysely";
import type { Store } from "./store.ts";
import { NEXT_AT, type Tables } from "./tables.ts";

/** Claiming, finishing and putting back work, and the line for its turn. */
export function workQueue({
  db,
  now,
  skipLocked,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether claims of several processes may meet, and pass over what another is just claiming. */
  skipLocked: boolean;
}): Pick<
  Store,
  "claim" | "renew" | "complete" | "retryAt" | "bury" | "nextDueAt" | "countWork" | "listDead" | "takePlaces"
> {
  return {
    async claim(lane, limit, leaseMs) {
      const due = db
        .selectFrom("work")
        .select("id")
        .where("lane", "=", lane)
        .where("state", "=", "waiting")
        .where("due_at", "<=", now())
        .where("leased_until", "<=", now())
        .orderBy("due_at")
        .orderBy("id")
        .limit(limit)
        .$if(skipLocked, (query) => query.forUpdate().skipLocked());
      const rows = await db
        .updateTable("work")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", due)
        .returning(["id", "body", "attempts", "refusals"])
        .execute();
      return rows.sort((a, b) => a.id - b.id);
    },

    async renew(ids, leaseMs) {
      await db
        .updateTable("work")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", ids)
        // Not what has just been put back to wait.
        .where("leased_until", ">", 0)
        .execute();
    },

    async complete(id) {
      await db.deleteFrom("work").where("id", "=", id).execute();
    },

    async retryAt(id, { at, error, failed, refused }) {
      await db
        .updateTable("work")
        .set((row) => ({
          due_at: at,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", failed ? 1 : 0),
          refusals: row("refusals", "+", refused ? 1 : 0),
        }))
        .where("id", "=", id)
        .execute();
    },

    async bury(id, error) {
      await db
        .updateTable("work")
        .set((row) => ({
          state: "dead" as const,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", 1),
        }))
        .where("id", "=", id)
        .execute();
    },

    async nextDueAt(lane) {
      const next = await db
        .selectFrom("work")
        .select(NEXT_AT.as("at"))
        .where("lane", "=", lane)
        .where("state", "=", "waiting")
        .orderBy(NEXT_AT)
        .limit(1)
        .executeTakeFirst();
      return next?.at ?? null;
    },

    async countWork() {
      const rows = await db
        .selectFrom("work")
        .select(["state", (count) => count.fn.countAll<number>().as("count")])
        .groupBy("state")
        .execute();
      const count = (state: Tables["work"]["state"]) => Number(rows.find((row) => row.state === state)?.count ?? 0);
      return { waiting: count("waiting"), dead: count("dead") };
    },

    async listDead(limit) {
      const rows = await db
        .selectFrom("work")
        .select(["id", "key", "attempts", "last_error"])
        .where("state", "=", "dead")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(({ last_error, ...row }) => ({ ...row, error: last_error ?? "" }));
    },

    async takePlaces(line, count, intervalMs) {
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
    },
  };
}
