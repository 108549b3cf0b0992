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
    async insertReport(report) {
      const isFirst = await inTransaction(db, async (trx) => {
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto("reports")
          .values(rowOf(report, now()))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 0n) return false;
        await trx
          .insertInto("jobs")
          .values(jobRow({ kind: "report", body: report }, now()))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        return true;
      });
      if (isFirst) announce("posthog");
      return isFirst;
    },
  };
}

function rowOf({ transactionId, step, status, distinctId }: Report, reported_at: number): Tables["reports"] {
  return { transaction_id: transactionId, step: step ?? "", status, distinct_id: distinctId, reported_at };
}
