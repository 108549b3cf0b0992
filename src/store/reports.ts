import type { Kysely } from "kysely";
import type { Queue } from "../contracts/job.ts";
import type { Report } from "../contracts/report.ts";
import type { Decisions } from "./decisions.ts";
import { jobRow } from "./event-rows.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** Reports about statuses of messages. The job is deleted when it is done, so a row of its own prevents a second report. */
export function reports({
  db,
  now,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  announce(queue: Queue): void;
}): Pick<Decisions, "insertReport"> {
  return {
    async insertReport(capture) {
      const isFirst = await inTransaction(db, async (trx) => {
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto("captures")
          .values(rowOf(capture, now()))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 0n) return false;
        await trx
          .insertInto("jobs")
          .values(jobRow({ kind: "report", body: capture }, now()))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        return true;
      });
      if (isFirst) announce("posthog");
      return isFirst;
    },
  };
}

function rowOf({ transactionId, step, status, distinctId }: Report, captured_at: number): Tables["captures"] {
  return { transaction_id: transactionId, step: step ?? "", status, distinct_id: distinctId, captured_at };
}
