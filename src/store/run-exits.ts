import type { Kysely } from "kysely";
import { endsRun } from "../contracts/run.ts";
import { isEndedBy } from "./ends.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { RunStates } from "./runs.ts";
import type { Tables } from "./tables.ts";
import { together } from "./write-together.ts";

/** The exits that end runs, and the runs that an exit ends. */
export function runExits({ db }: { db: Kysely<Tables> }): Pick<RunStates, "findExitSince" | "markExiting"> {
  return {
    findExitSince: together(async (queries) => {
      const asked = unique(queries.map(({ distinctId }) => distinctId));
      const ids = await idsOfPersons(db, asked);
      const rows = await db
        .selectFrom("exits")
        .selectAll()
        .where("distinct_id", "in", unique([...ids.values()].flat()))
        .where("workflow", "in", unique(queries.map(({ workflow }) => workflow)))
        .execute();
      const runs = await db
        .selectFrom("runs")
        .select(["transaction_id", "arrival"])
        .where("transaction_id", "in", unique(queries.map(({ transactionId }) => transactionId)))
        .execute();
      const arrivals = new Map(runs.map((run) => [run.transaction_id, run.arrival]));
      return queries.map(({ workflow, distinctId, transactionId, since }) => {
        const run = { occurredAt: since, arrival: arrivals.get(transactionId) ?? null };
        const exit = rows.find(
          (row) =>
            row.workflow === workflow &&
            ids.get(distinctId)?.includes(row.distinct_id) &&
            endsRun({ occurredAt: row.occurred_at, arrival: row.arrival }, run),
        );
        return exit?.event_name ?? null;
      });
    }),

    async markExiting({ workflow, distinctId, eventUuid, occurredAt }) {
      const exit = await db
        .selectFrom("exits")
        .select("arrival")
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("event_uuid", "=", eventUuid)
        .executeTakeFirst();
      const ended = await db
        .updateTable("runs")
        .set({ state: "exiting" })
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("workflow", "=", workflow)
        .where(isEndedBy({ occurredAt, arrival: exit?.arrival ?? null }))
        .where("state", "in", ["pending", "in progress", "exiting"])
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },
  };
}

function unique<Value>(values: Value[]): Value[] {
  return [...new Set(values)];
}
