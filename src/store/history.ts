import { type Selectable, sql } from "kysely";
import { waitName } from "../contracts/event-wait.ts";
import type {
  EventRecord,
  ExitRecord,
  OptOutRecord,
  PersonJob,
  RunRecord,
  WithdrawalRecord,
} from "../contracts/history.ts";
import { decisionsOf } from "./decision-log.ts";
import type { Parts } from "./engine.ts";
import { ignoredRecord } from "./events.ts";
import { exitRecords } from "./exit-records.ts";
import { endsThis } from "./exits.ts";
import { isJobOf } from "./job-queue.ts";
import { jobRecord } from "./jobs.ts";
import { type ExitRow, matchKeysOf } from "./match-keys.ts";
import { runRecord, selectRuns } from "./run-list.ts";
import type { Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** The most records of one person on a page. */
const MOST_RUNS = 100;
const MOST_IGNORED = 100;
const MOST_OPT_OUTS = 100;
const MOST_JOBS = 500;

/** The facts about a run or a person, for the pages and the command that explain messages. */
export function histories({ db }: Parts) {
  return {
    async history(of) {
      const isOne = "transactionId" in of;
      let query = selectRuns(db);
      if (isOne) query = query.where("runs.transaction_id", "=", of.transactionId);
      else {
        query = query.where("runs.distinct_id", "=", of.distinctId);
        if (of.workflow !== undefined) query = query.where("runs.workflow", "=", of.workflow);
      }
      const newest = await query.orderBy("runs.occurred_at", "desc").limit(MOST_RUNS).execute();
      const runs = newest.reverse().map(runRecord);
      const [first] = runs;
      const rows = await exitsOf(
        isOne ? first && { distinctId: first.distinctId, workflow: first.workflow, run: first } : of,
      );
      const exits = await exitRecords(db, { runs, rows, mostOfOthers: MOST_RUNS });
      const uuids = [...runs, ...exits].flatMap(({ eventUuid }) => eventUuid ?? []);
      const transactionIds = runs.map(({ transactionId }) => transactionId);
      const decisions = await decisionsOf(db, transactionIds);
      const person = isOne ? first?.distinctId : of.distinctId;
      const jobs = person === undefined ? [] : await jobsOf(person);
      return {
        runs,
        exits,
        decisions: decisions.sort((a, b) => a.decidedAt.localeCompare(b.decidedAt)),
        withdrawals: await withdrawalsOf(transactionIds),
        events: await eventsOf(uuids),
        jobs: (isOne ? jobs.filter(isOfRun(first, exits)) : jobs).map(personJob),
        ignored: isOne ? [] : await ignoredOf(of.distinctId),
        optOuts: isOne ? [] : await optOutsOf(of.distinctId),
        subscriberAsOf: isOne ? null : await subscriberAsOf(of.distinctId),
        hasOtherRuns: !isOne && of.workflow !== undefined && (await hasRunsBesides(of.workflow, of.distinctId)),
      };
    },
  } satisfies Partial<Runs>;

  async function exitsOf(
    of: { distinctId: string; workflow?: string | undefined; run?: RunRecord } | undefined,
  ): Promise<ExitRow[]> {
    if (of === undefined) return [];
    let query = db.selectFrom("exits").selectAll().where("distinct_id", "=", of.distinctId);
    if (of.workflow !== undefined) query = query.where(isOfWorkflow(of.workflow));
    if (of.run !== undefined) {
      const matchKeys = (await matchKeysOf(db, [of.run.transactionId])).get(of.run.transactionId) ?? {};
      query = query.where(endsThis({ ...of.run, matchKeys }));
    }
    const rows = await query.orderBy("occurred_at", "desc").limit(MOST_RUNS).execute();
    return rows.reverse();
  }

  async function withdrawalsOf(transactionIds: string[]): Promise<WithdrawalRecord[]> {
    if (transactionIds.length === 0) return [];
    const rows = await db
      .selectFrom("reports")
      .select(["transaction_id", "step", "reported_at"])
      .where("transaction_id", "in", transactionIds)
      .where("status", "=", "withdrawn")
      .orderBy("reported_at")
      .execute();
    return rows.map((row) => ({ transactionId: row.transaction_id, step: row.step, at: row.reported_at }));
  }

  async function eventsOf(uuids: string[]): Promise<EventRecord[]> {
    if (uuids.length === 0) return [];
    const rows = await db
      .selectFrom("events")
      .select(["body", "received_at"])
      .where("uuid", "in", [...new Set(uuids)])
      .orderBy("occurred_at")
      .execute();
    return rows.map(({ body, received_at }) => {
      const { source, uuid, name, distinctId, occurredAt, properties } = JSON.parse(body) as EventRecord;
      return { source, uuid, name, distinctId, occurredAt, properties, receivedAt: received_at };
    });
  }

  /** The jobs of a person. Above the limit, waiting jobs are left out before dead ones. */
  async function jobsOf(distinctId: string): Promise<Array<Selectable<Tables["jobs"]>>> {
    const rows = await db
      .selectFrom("jobs")
      .selectAll()
      .where(isJobOf([distinctId]))
      .orderBy("state")
      .orderBy("due_at")
      .limit(MOST_JOBS)
      .execute();
    return rows.sort((a, b) => a.due_at - b.due_at);
  }

  async function optOutsOf(distinctId: string): Promise<OptOutRecord[]> {
    const rows = await db
      .selectFrom("opt_outs")
      .selectAll()
      .where("distinct_id", "=", distinctId)
      .orderBy("at", "desc")
      .limit(MOST_OPT_OUTS)
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

  async function ignoredOf(distinctId: string) {
    const rows = await db
      .selectFrom("ignored_events")
      .selectAll()
      .where("distinct_id", "=", distinctId)
      .orderBy("id", "desc")
      .limit(MOST_IGNORED)
      .execute();
    return rows.reverse().map(ignoredRecord);
  }
}

/** Whether an exit, or an event that ends a wait, is one of this workflow. */
function isOfWorkflow(workflow: string) {
  const start = waitName(workflow, "");
  return sql<boolean>`(workflow = ${workflow} or substr(workflow, 1, ${start.length}) = ${start})`;
}

function personJob(row: Selectable<Tables["jobs"]>): PersonJob {
  return { ...jobRecord(row), kind: row.kind, workflow: row.workflow, transactionId: row.transaction_id };
}

/** Whether a job belongs to this run, to one of the exits, or to the profile in the run's event. */
function isOfRun(run: RunRecord | undefined, exits: ExitRecord[]): (job: Selectable<Tables["jobs"]>) => boolean {
  const uuids = exits.map(({ eventUuid }) => eventUuid);
  return ({ kind, workflow, transaction_id, body }) => {
    if (!["upsert subscriber", "exit", "awaited event"].includes(kind)) return transaction_id === run?.transactionId;
    const { eventUuid } = (JSON.parse(body) as { body: { eventUuid: string } }).body;
    return kind === "upsert subscriber"
      ? eventUuid === run?.eventUuid
      : workflow === run?.workflow && uuids.includes(eventUuid);
  };
}
