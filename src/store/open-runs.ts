import type { Kysely } from "kysely";
import { Profile } from "../contracts/routing.ts";
import { eventUuidOf } from "../contracts/run.ts";
import type { RunStates } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** A digest of Novu merges events into its earliest run. */
const MOST_BESIDE = 10;

const Recipient = Profile.pick({ subscriber: true, occurredAt: true });

export function openRuns({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<RunStates, "insertForeign" | "findOpen" | "listBeside" | "close" | "saveRecipient" | "findRecipient"> {
  return {
    async findOpen(transactionId) {
      const run = await db
        .selectFrom("runs")
        .select(["workflow", "distinct_id", "entered_at"])
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "in progress")
        .where("ended_at", "is", null)
        .executeTakeFirst();
      if (run === undefined) return null;
      return { workflow: run.workflow, distinctId: run.distinct_id, enteredAt: run.entered_at ?? 0 };
    },

    async close(transactionId, as) {
      const { numUpdatedRows } = await db
        .updateTable("runs")
        .set({ ended_at: now(), ...(as === "failed" && { state: "failed" as const }) })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "in progress")
        .where("ended_at", "is", null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async listBeside({ transactionId, workflow, distinctId, enteredAt, before }) {
      const runs = await db
        .selectFrom("runs")
        .select(["transaction_id", "entered_at", "state"])
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("transaction_id", "!=", transactionId)
        .where("entered_at", "<", before)
        .where((row) =>
          row.or([
            row.and([row("state", "=", "in progress"), row("ended_at", "is", null)]),
            row.and([row("state", "=", "failed"), row("ended_at", ">=", enteredAt)]),
          ]),
        )
        .orderBy("entered_at")
        .limit(MOST_BESIDE)
        .execute();
      return runs.map((run) => ({
        transactionId: run.transaction_id,
        enteredAt: run.entered_at ?? 0,
        isLost: run.state === "failed",
      }));
    },

    async saveRecipient({ transactionId, refusals, recipient }) {
      await db
        .updateTable("runs")
        .set({ recipient: JSON.stringify(recipient), recipient_try: refusals })
        .where("transaction_id", "=", transactionId)
        .execute();
    },

    async findRecipient({ transactionId, refusals }) {
      const row = await db
        .selectFrom("runs")
        .select("recipient")
        .where("transaction_id", "=", transactionId)
        .where("recipient_try", "=", refusals)
        .executeTakeFirst();
      return row?.recipient == null ? null : Recipient.parse(JSON.parse(row.recipient));
    },

    async insertForeign({ transactionId, workflow, distinctId, occurredAt }) {
      const { numInsertedOrUpdatedRows = 0n } = await db
        .insertInto("runs")
        .values({
          transaction_id: transactionId,
          workflow,
          distinct_id: distinctId,
          event_uuid: eventUuidOf(transactionId, workflow) ?? transactionId,
          occurred_at: occurredAt,
          state: "pending",
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows > 0n) return "new";
      const kept = await db
        .selectFrom("runs")
        .select("distinct_id")
        .where("transaction_id", "=", transactionId)
        .executeTakeFirst();
      return kept === undefined || kept.distinct_id === distinctId ? "known" : "of another person";
    },
  };
}
