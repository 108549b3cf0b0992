import { type Kysely, type Selectable, sql } from "kysely";
import { Decision } from "../contracts/decision.ts";
import type { EventRecord, Histories, History, RunRecord, RunStatus, WorkRecord } from "../contracts/history.ts";
import type { Exit } from "../contracts/notification.ts";
import { unheardKey } from "../contracts/work.ts";
import { startKey } from "./acceptance.ts";
import { endsThis, isEndedBy } from "./ends.ts";
import { setAsideRecord, workRecord } from "./overview.ts";
import { STARTED_BY, type Tables } from "./tables.ts";

/** More of one person's runs nobody reads. */
const MOST_RUNS = 100;
const MOST_SET_ASIDE = 100;

const HAS_ENDED: Partial<Record<RunStatus, boolean>> = {
  starting: false,
  stuck: false,
  "not started": true,
  "under way": false,
  finished: true,
};

/** What led to what: for a person who asks why. */
export function histories({ db }: { db: Kysely<Tables> }): Pick<Histories, "listRuns" | "history" | "decisionsOf"> {
  return {
    async listRuns({ limit, workflow, status, about, before }) {
      let query = selectRuns();
      if (workflow !== undefined) query = query.where("runs.workflow", "=", workflow);
      if (status !== undefined) query = query.where("runs.state", "in", statesOf(status));
      if (status === "stuck") query = query.where("starts.state", "=", "dead");
      if (status === "starting")
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

    async history(of) {
      const isOne = "transactionId" in of;
      let query = selectRuns();
      if (isOne) query = query.where("runs.transaction_id", "=", of.transactionId);
      else {
        query = query.where("runs.distinct_id", "=", of.distinctId);
        if (of.workflow !== undefined) query = query.where("runs.workflow", "=", of.workflow);
      }
      const newest = await query.orderBy("runs.occurred_at", "desc").limit(MOST_RUNS).execute();
      const runs = newest.reverse().map(runRecord);
      const [first] = runs;
      const exits = await exitsOf(
        isOne ? first && { distinctId: first.distinctId, workflow: first.workflow, run: first } : of,
      );
      const uuids = [...runs, ...exits].map(({ eventUuid }) => eventUuid);
      const transactionIds = runs.map(({ transactionId }) => transactionId);
      const decisions = await decisionsOf(transactionIds);
      return {
        runs,
        exits,
        decisions: decisions.sort((a, b) => a.decidedAt.localeCompare(b.decidedAt)),
        events: await eventsOf(uuids),
        work: await workOf(keysOf({ transactionIds, exits, decisions })),
        setAside: isOne ? [] : await setAsideOf(of.distinctId),
      } satisfies History;
    },

    decisionsOf,
  };

  function selectRuns() {
    return db
      .selectFrom("runs")
      .leftJoin("events", (join) => join.on("events.uuid", "=", STARTED_BY))
      .leftJoin("work as starts", (join) =>
        join.on("starts.key", "=", sql<string>`${startKey("")} || runs.transaction_id`),
      )
      .selectAll("runs")
      .select([
        STARTED_BY.as("started_by"),
        "starts.state as start_state",
        "events.name as event_name",
        "events.received_at as received_at",
      ]);
  }

  async function exitsOf(
    of: { distinctId: string; workflow?: string | undefined; run?: RunRecord } | undefined,
  ): Promise<History["exits"]> {
    if (of === undefined) return [];
    let query = db.selectFrom("exits").selectAll().where("distinct_id", "=", of.distinctId);
    if (of.workflow !== undefined) query = query.where("workflow", "=", of.workflow);
    if (of.run !== undefined) query = query.where(endsThis(of.run));
    const rows = await query.orderBy("occurred_at", "desc").limit(MOST_RUNS).execute();
    return rows.reverse().map(exitRecord);
  }

  /** By way of the event, because exits have no index on it. */
  async function exitsBy(eventUuid: string): Promise<History["exits"]> {
    const rows = await db
      .selectFrom("exits")
      .selectAll()
      .where("distinct_id", "in", (eb) => eb.selectFrom("events").select("distinct_id").where("uuid", "=", eventUuid))
      .where("event_uuid", "=", eventUuid)
      .execute();
    return rows.map(exitRecord);
  }

  async function decisionsOf(transactionIds: string[]): Promise<Decision[]> {
    if (transactionIds.length === 0) return [];
    const rows = await db
      .selectFrom("decisions")
      .select("body")
      .where("transaction_id", "in", transactionIds)
      .execute();
    return rows.map(({ body }) => Decision.parse(JSON.parse(body)));
  }

  async function eventsOf(uuids: string[]): Promise<EventRecord[]> {
    if (uuids.length === 0) return [];
    const rows = await db
      .selectFrom("events")
      .select(["body", "received_at"])
      .where("uuid", "in", [...new Set(uuids)])
      .orderBy("occurred_at")
      .execute();
    // The versions before kept no source: they knew of PostHog only.
    return rows.map(({ body, received_at }) => ({ source: "posthog", ...JSON.parse(body), receivedAt: received_at }));
  }

  async function workOf(keys: string[]): Promise<WorkRecord[]> {
    if (keys.length === 0) return [];
    const rows = await db.selectFrom("work").selectAll().where("key", "in", keys).orderBy("due_at").execute();
    return rows.map(workRecord);
  }

  async function setAsideOf(distinctId: string) {
    const rows = await db
      .selectFrom("set_aside")
      .selectAll()
      .where("distinct_id", "=", distinctId)
      .orderBy("id", "desc")
      .limit(MOST_SET_ASIDE)
      .execute();
    return rows.reverse().map(setAsideRecord);
  }
}

/** The keys of all work that these may have caused, as acceptances and decisions make them. */
function keysOf({
  transactionIds,
  exits,
  decisions,
}: {
  transactionIds: string[];
  exits: Exit[];
  decisions: Decision[];
}): string[] {
  return [
    ...transactionIds.flatMap((id) => [startKey(id), unheardKey(id)]),
    ...exits.map(({ eventUuid, workflow }) => `exit:${eventUuid}:${workflow}`),
    ...decisions.map(({ transactionId, step, outcome }) => `report:${transactionId}:${step}:${outcome}`),
  ];
}

function statesOf(status: RunStatus): Array<Tables["runs"]["state"]> {
  if (status === "starting" || status === "stuck" || status === "not started") return ["pending"];
  if (status === "under way" || status === "finished") return ["started"];
  return status === "left" ? ["leaving", "left"] : ["refused"];
}

function statusOf(state: Tables["runs"]["state"], hasEnded: boolean, isStuck: boolean): RunStatus {
  if (state === "pending") return hasEnded ? "not started" : isStuck ? "stuck" : "starting";
  if (state === "started") return hasEnded ? "finished" : "under way";
  return state === "refused" ? "refused" : "left";
}

function runRecord(row: {
  transaction_id: string;
  workflow: string;
  distinct_id: string;
  started_by: string;
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
    eventUuid: row.started_by,
    eventName: row.event_name,
    occurredAt: row.occurred_at,
    arrival: row.arrival,
    receivedAt: row.received_at,
    status: statusOf(row.state, row.ended_at !== null, row.start_state === "dead"),
    enteredAt: row.entered_at,
    endedAt: row.ended_at,
  };
}

function exitRecord(row: Selectable<Tables["exits"]>): History["exits"][number] {
  return {
    workflow: row.workflow,
    distinctId: row.distinct_id,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    occurredAt: row.occurred_at,
    arrival: row.arrival,
  };
}
