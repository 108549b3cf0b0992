import { type Kysely, type RawBuilder, type Selectable, sql } from "kysely";
import { STATUSES } from "../contracts/capture.ts";
import { Decision } from "../contracts/decision.ts";
import type { EventRecord, History, OptOutRecord, PersonJob, RunRecord, RunStatus } from "../contracts/history.ts";
import { correctionKey, type Job, overdueKey, refreshKey, unheardKey } from "../contracts/job.ts";
import type { Exit } from "../contracts/routing.ts";
import type { Decisions } from "./decisions.ts";
import { endsThis, isEndedBy } from "./ends.ts";
import { startKey } from "./event-rows.ts";
import { ignoredRecord, jobRecord } from "./overview.ts";
import type { RunReports } from "./runs.ts";
import { STARTED_BY, type Tables } from "./tables.ts";

/** More of one person's runs nobody reads. */
const MOST_RUNS = 100;
const MOST_SET_ASIDE = 100;
const MOST_CHOICES = 100;
const MOST_WORK = 500;

const HAS_ENDED: Partial<Record<RunStatus, boolean>> = {
  pending: false,
  stuck: false,
  "in progress": false,
  finished: true,
};

type Keys = [table: keyof Tables, key: RawBuilder<string>];

/**
 * The keys of the work of each kind that a person may have, as acceptances, choices and decisions make them:
 * work has no index on its person.
 */
const KEYS_OF: Record<Job["kind"], Keys[]> = {
  start: [["runs", sql`${startKey("")} || transaction_id`]],
  exit: [["exits", sql`'exit:' || event_uuid || ':' || workflow`]],
  unheard: [["runs", sql`${unheardKey("")} || transaction_id`]],
  refresh: [refreshKey, correctionKey].map((keyOf) => ["runs", sql`${keyOf("")} || transaction_id`]),
  join: [["events", sql`'join:' || uuid`]],
  profile: [["events", sql`'profile:' || uuid`]],
  preferences: chosenKeys("preferences"),
  unwanted: chosenKeys("unwanted"),
  receipt: [["decisions", sql`'receipt:' || transaction_id || ':' || step`]],
  overdue: [["runs", sql`${overdueKey("")} || transaction_id`]],
  report: reportKeys(["sent", "skipped", "failed"]),
  capture: [
    ["runs", sql`'report:' || transaction_id || '::triggered'`],
    ["opt_outs", sql`'report:' || transaction_id || ':' || step || ':unsubscribed'`],
    ...reportKeys(STATUSES),
  ],
};

/** The column that names the person, where it has another name. */
const PERSON_OF: Partial<Record<keyof Tables, string>> = { events: "about" };

/** What led to what: for a person who asks why. */
export function histories({
  db,
}: {
  db: Kysely<Tables>;
}): Pick<RunReports, "list" | "history"> & Pick<Decisions, "listOfRuns"> {
  return {
    async list({ limit, workflow, status, about, before }) {
      let query = selectRuns();
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
      const person = isOne ? first?.distinctId : of.distinctId;
      const jobs = person === undefined ? [] : await jobOf(person);
      return {
        runs,
        exits,
        decisions: decisions.sort((a, b) => a.decidedAt.localeCompare(b.decidedAt)),
        events: await eventsOf(uuids),
        jobs: isOne ? jobs.filter(isOfRun(first, exits)) : jobs,
        ignored: isOne ? [] : await setAsideOf(of.distinctId),
        optOuts: isOne ? [] : await optOutsOf(of.distinctId),
        subscriberAsOf: isOne ? null : await subscriberAsOf(of.distinctId),
        hasOtherRuns: !isOne && of.workflow !== undefined && (await hasRunsBesides(of.workflow, of.distinctId)),
      } satisfies History;
    },

    listOfRuns: decisionsOf,
  };

  function selectRuns() {
    return db
      .selectFrom("runs")
      .leftJoin("events", (join) => join.on("events.uuid", "=", STARTED_BY))
      .leftJoin("jobs as starts", (join) =>
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

  /** Dead jobs comes first, in case it is too much. */
  async function jobOf(distinctId: string): Promise<PersonJob[]> {
    const keys = Object.values(KEYS_OF)
      .flat()
      .map(
        ([table, key]) =>
          sql`select ${key} from ${sql.table(table)} where ${sql.ref(PERSON_OF[table] ?? "distinct_id")} = ${distinctId}`,
      );
    const rows = await db
      .selectFrom("jobs")
      .selectAll()
      .where(sql<boolean>`key in (${sql.join(keys, sql` union all `)})`)
      .orderBy("state")
      .orderBy("due_at")
      .limit(MOST_WORK)
      .execute();
    return rows.map((row) => ({ ...jobRecord(row), ...aboutOf(row.body) })).sort((a, b) => a.dueAt - b.dueAt);
  }

  async function optOutsOf(distinctId: string): Promise<OptOutRecord[]> {
    const rows = await db
      .selectFrom("opt_outs")
      .selectAll()
      .where("distinct_id", "=", distinctId)
      .orderBy("at", "desc")
      .limit(MOST_CHOICES)
      .execute();
    return rows.reverse().map(({ at, topic, is_out, cause }) => ({ at, topic, isOut: is_out === 1, cause }));
  }

  async function subscriberAsOf(distinctId: string): Promise<string | null> {
    const profile = await db
      .selectFrom("profiles")
      .select("occurred_at")
      .where("distinct_id", "=", distinctId)
      .executeTakeFirst();
    return profile?.occurred_at ?? null;
  }

  async function hasRunsBesides(workflow: string, distinctId: string): Promise<boolean> {
    const run = await db
      .selectFrom("runs")
      .select("transaction_id")
      .where("distinct_id", "=", distinctId)
      .where("workflow", "!=", workflow)
      .limit(1)
      .executeTakeFirst();
    return run !== undefined;
  }

  async function setAsideOf(distinctId: string) {
    const rows = await db
      .selectFrom("ignored_events")
      .selectAll()
      .where("distinct_id", "=", distinctId)
      .orderBy("id", "desc")
      .limit(MOST_SET_ASIDE)
      .execute();
    return rows.reverse().map(ignoredRecord);
  }
}

function chosenKeys(kind: "preferences" | "unwanted"): Keys[] {
  const key = sql<string>`${sql.lit(kind)} || ':' || distinct_id`;
  return [
    ["opt_outs", key],
    ["opt_outs", sql`${key} || ':next'`],
    ["opt_outs", sql`${key} || ':' || at`],
    // Of the version before this one.
    ["opt_outs", sql`${key} || ':' || topic || ':' || at || ':' || is_out`],
  ];
}

function reportKeys(statuses: readonly string[]): Keys[] {
  return statuses.map((status) => [
    "decisions",
    sql`'report:' || transaction_id || ':' || step || ':' || ${sql.lit(status)}`,
  ]);
}

/** Another version may have written it. */
function aboutOf(text: string): Pick<PersonJob, "kind" | "workflow" | "transactionId"> {
  const { kind, body } = JSON.parse(text) as {
    kind: Job["kind"];
    body: { workflow?: string; transactionId?: string; run?: { transactionId: string } };
  };
  const transactionId = body.transactionId ?? body.run?.transactionId ?? null;
  return { kind, workflow: body.workflow ?? null, transactionId };
}

/** Whether work is of this run, of an exit of its person, or of what its event said of them. */
function isOfRun(run: RunRecord | undefined, exits: Exit[]): (jobs: PersonJob) => boolean {
  const keys = [
    `profile:${run?.eventUuid}`,
    ...exits.map(({ eventUuid, workflow }) => `exit:${eventUuid}:${workflow}`),
  ];
  return ({ transactionId, key }) => transactionId === run?.transactionId || keys.includes(key);
}

function statesOf(status: Exclude<RunStatus, "not started">): Array<Tables["runs"]["state"]> {
  if (status === "pending" || status === "stuck") return ["pending"];
  if (status === "in progress" || status === "finished") return ["started"];
  return status === "failed" ? ["failed"] : ["exiting", "exited"];
}

function statusOf(state: Tables["runs"]["state"], hasEnded: boolean, isStuck: boolean): RunStatus {
  if (state === "pending") return hasEnded ? "not started" : isStuck ? "stuck" : "pending";
  if (state === "started") return hasEnded ? "finished" : "in progress";
  return state === "not started" || state === "failed" ? state : "exited";
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
