import type { Kysely } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Which runs there are, and who has left them. */
export function runFacts({
  db,
}: {
  db: Kysely<Tables>;
}): Pick<Store, "exitSince" | "endRuns" | "runState" | "markLeft" | "markStarted"> {
  return {
    async exitSince({ workflow, distinctId, since }) {
      const exit = await db
        .selectFrom("exits")
        .select("event_name")
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("occurred_at", ">=", since)
        .limit(1)
        .executeTakeFirst();
      return exit?.event_name ?? null;
    },

    async endRuns({ workflow, distinctId, occurredAt }) {
      const ended = await db
        .updateTable("runs")
        .set({ state: "leaving" })
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("occurred_at", "<=", occurredAt)
        .where("state", "!=", "left")
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },

    async runState(transactionId) {
      const run = await db
        .selectFrom("runs")
        .select("state")
        .where("transaction_id", "=", transactionId)
        .executeTakeFirst();
      return run?.state ?? null;
    },

    async markLeft(transactionId) {
      await db.updateTable("runs").set({ state: "left" }).where("transaction_id", "=", transactionId).execute();
    },

    async markStarted(transactionId) {
      const started = await db
        .updateTable("runs")
        .set({ state: "started" })
        .where("transaction_id", "=", transactionId)
        .where("state", "in", ["pending", "started"])
        .returning("transaction_id")
        .executeTakeFirst();
      return started === undefined ? "left" : "started";
    },
  };
}
