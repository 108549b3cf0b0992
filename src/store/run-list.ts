import { type Kysely, sql } from "kysely";
import type { History, RunStatus } from "../contracts/history.ts";
import { isEndedBy } from "./ends.ts";
import { exitRecord, runRecord, selectRuns } from "./run-records.ts";
import type { RunReports } from "./runs.ts";
import type { Tables } from "./tables.ts";

const HAS_ENDED: Partial<Record<RunStatus, boolean>> = {
  pending: false,
  stuck: false,
  "in progress": false,
  finished: true,
};

export function runList({ db }: { db: Kysely<Tables> }): Pick<RunReports, "list"> {
  return {
    async list({ limit, workflow, status, about, before }) {
      let query = selectRuns(db);
      if (workflow !== undefined) query = query.where("runs.workflow", "=", workflow);
      if (status === "not started")
        query = query.where((run) =>
          run.or([
            run("runs.state", "=", "not started"),
            run.and([run("runs.state", "=", "pending"), run("runs.ended_at", "is not", null)]),
          ]),
        );
      else if (status !== undefined) query = query.where("runs.state", "in", statesOf(status));
      if (status === "stuck") query = query.where("starts.state", "=", "dead");
      if (status === "pending")
        query = query.where(({ eb }) => eb.fn.coalesce("starts.state", sql.lit("")), "!=", "dead");
      const hasEnded = status && HAS_ENDED[status];
      if (hasEnded !== undefined) query = query.where("runs.ended_at", hasEnded ? "is not" : "is", null);
      if (about !== undefined) {
        const exits = await exitsBy(about.eventUuid);
        query = query.where((eb) =>
          eb.or([
            eb("runs.transaction_id", "in", about.transactionIds),
            eb("runs.distinct_id", "=", about.distinctId),
            ...exits.map((exit) =>
              eb.and([
                eb("runs.distinct_id", "=", exit.distinctId),
                eb("runs.workflow", "=", exit.workflow),
                isEndedBy(exit)(eb),
              ]),
            ),
          ]),
        );
      }
      if (before !== undefined)
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple("runs.occurred_at", "runs.transaction_id"), "<", tuple(before.occurredAt, before.transactionId)),
        );
      const rows = await query
        .orderBy("runs.occurred_at", "desc")
        .orderBy("runs.transaction_id", "desc")
        .limit(limit)
        .execute();
      return rows.map(runRecord);
    },
  };

  /** By the person of the event, because exits have no index on the event. */
  async function exitsBy(eventUuid: string): Promise<History["exits"]> {
    const rows = await db
      .selectFrom("exits")
      .selectAll()
      .where("distinct_id", "in", (eb) => eb.selectFrom("events").select("distinct_id").where("uuid", "=", eventUuid))
      .where("event_uuid", "=", eventUuid)
      .execute();
    return rows.map(exitRecord);
  }
}

function statesOf(status: Exclude<RunStatus, "not started">): Array<Tables["runs"]["state"]> {
  if (status === "pending" || status === "stuck") return ["pending"];
  if (status === "in progress" || status === "finished") return ["in progress"];
  return status === "failed" ? ["failed"] : ["exiting", "exited"];
}
