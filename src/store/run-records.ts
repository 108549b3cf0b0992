import type { Kysely, Selectable } from "kysely";
import type { History, RunRecord, RunStatus } from "../contracts/history.ts";
import type { Tables } from "./tables.ts";

/** Runs with their event, and with the state of their start job. */
export function selectRuns(db: Kysely<Tables>) {
  return db
    .selectFrom("runs")
    .leftJoin("events", (join) => join.onRef("events.uuid", "=", "runs.event_uuid"))
    .leftJoin("jobs as starts", (join) =>
      join
        .onRef("starts.distinct_id", "=", "runs.distinct_id")
        .onRef("starts.transaction_id", "=", "runs.transaction_id")
        .on("starts.kind", "=", "start"),
    )
    .selectAll("runs")
    .select(["starts.state as start_state", "events.name as event_name", "events.received_at as received_at"]);
}

export function runRecord(row: {
  transaction_id: string;
  workflow: string;
  distinct_id: string;
  event_uuid: string;
  event_name: string | null;
  occurred_at: string;
  received_at: number | null;
  state: Tables["runs"]["state"];
  start_state: string | null;
  entered_at: number | null;
  ended_at: number | null;
  arrival: number | null;
}): RunRecord {
  return {
    transactionId: row.transaction_id,
    workflow: row.workflow,
    distinctId: row.distinct_id,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    occurredAt: row.occurred_at,
    arrival: row.arrival,
    receivedAt: row.received_at,
    status: statusOf(row.state, row.ended_at !== null, row.start_state === "dead"),
    enteredAt: row.entered_at,
    endedAt: row.ended_at,
  };
}

function statusOf(state: Tables["runs"]["state"], hasEnded: boolean, isStuck: boolean): RunStatus {
  if (state === "pending") return hasEnded ? "not started" : isStuck ? "stuck" : "pending";
  if (state === "in progress") return hasEnded ? "finished" : "in progress";
  return state === "not started" || state === "failed" ? state : "exited";
}

export function exitRecord(row: Selectable<Tables["exits"]>): History["exits"][number] {
  return {
    workflow: row.workflow,
    distinctId: row.distinct_id,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    occurredAt: row.occurred_at,
    arrival: row.arrival,
  };
}
