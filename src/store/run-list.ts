import { type InferResult, type Kysely, sql } from "kysely";
import { keysOfAnyone } from "../contracts/exit-match.ts";
import type { RunRecord, RunStatus } from "../contracts/history.ts";
import { START_KEY } from "../contracts/job.ts";
import type { Parts } from "./engine.ts";
import { isBefore, isEndedBy, runsWithKeys } from "./exits.ts";
import { exitIn } from "./match-keys.ts";
import type { Runs } from "./runs.ts";
import { IS_DEAD, IS_OF_OTHERS_EVENT, type Tables } from "./tables.ts";

const HAS_ENDED: Partial<Record<RunStatus, boolean>> = {
  pending: false,
  stuck: false,
  "in progress": false,
  finished: true,
};

/** Runs for the pages. */
export function runList({ db }: Parts) {
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
      if (status === "stuck") query = query.where("runs.transaction_id", "in", withDeadStart());
      if (status === "pending")
        query = query.where(({ eb }) => eb.fn.coalesce("starts.state", sql.lit("")), "!=", "dead");
      const hasEnded = status && HAS_ENDED[status];
      if (hasEnded !== undefined) query = query.where("runs.ended_at", hasEnded ? "is not" : "is", null);
      if (about !== undefined) {
        const exits = await exitsBy(about.eventUuid);
        const [ofAnyone, ofOthersEvent] = await Promise.all([
          runsOfAnyone(exits, limit),
          runsOfOthersEvent(about.eventUuid),
        ]);
        const transactionIds = [...about.transactionIds, ...ofAnyone, ...ofOthersEvent];
        query = query.where((eb) =>
          eb.or([
            eb("runs.transaction_id", "in", transactionIds),
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
  } satisfies Partial<Runs>;

  /** Few among all runs, and jobs have an index of the dead ones. */
  function withDeadStart() {
    return db
      .selectFrom("jobs")
      .select(({ eb }) => eb.ref("jobs.transaction_id").$castTo<string>().as("transaction_id"))
      .where(IS_DEAD)
      .where("jobs.kind", "=", "start");
  }

  /** Finds the exits by the person of the event, because exits have no index on the event. */
  async function exitsBy(eventUuid: string) {
    const rows = await db
      .selectFrom("exits")
      .selectAll()
      .where("distinct_id", "in", (eb) => eb.selectFrom("events").select("distinct_id").where("uuid", "=", eventUuid))
      .where("event_uuid", "=", eventUuid)
      .execute();
    return rows.map((row) => ({ ...exitIn(row), distinctId: row.distinct_id, workflow: row.workflow }));
  }

  /** The runs of an event that are not its own person's. */
  async function runsOfOthersEvent(eventUuid: string): Promise<string[]> {
    const rows = await db
      .selectFrom("runs")
      .select("transaction_id")
      .where("event_uuid", "=", eventUuid)
      .where(IS_OF_OTHERS_EVENT)
      .execute();
    return rows.map((run) => run.transaction_id);
  }

  /** The newest runs that exits end by a match of anyone. */
  async function runsOfAnyone(exits: Awaited<ReturnType<typeof exitsBy>>, most: number): Promise<string[]> {
    const ended = exits.map(async (exit) => {
      const keys = keysOfAnyone(exit);
      if (keys.length === 0) return [];
      return db
        .selectFrom("runs")
        .select("runs.transaction_id")
        .where("runs.transaction_id", "in", runsWithKeys(db, keys))
        .where(isBefore(exit))
        .orderBy("runs.occurred_at", "desc")
        .limit(most)
        .execute();
    });
    return (await Promise.all(ended)).flat().map((run) => run.transaction_id);
  }
}

function statesOf(status: Exclude<RunStatus, "not started">): Array<Tables["runs"]["state"]> {
  if (status === "pending" || status === "stuck") return ["pending"];
  if (status === "in progress" || status === "finished") return ["in progress"];
  return status === "failed" ? ["failed"] : ["exiting", "exited"];
}

/** Runs with their event, and with the state of their start job. */
export function selectRuns(db: Kysely<Tables>) {
  return db
    .selectFrom("runs")
    .leftJoin("events", (join) => join.onRef("events.uuid", "=", "runs.event_uuid"))
    .leftJoin("jobs as starts", (join) =>
      join.on("starts.key", "=", sql<string>`${sql.lit(START_KEY)} || runs.transaction_id`),
    )
    .selectAll("runs")
    .select(["starts.state as start_state", "events.name as event_name", "events.received_at as received_at"]);
}

export function runRecord(row: InferResult<ReturnType<typeof selectRuns>>[number]): RunRecord {
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
