import { type Kysely, type RawBuilder, sql } from "kysely";
import { START_KEY } from "../contracts/job.ts";
import type { PropertyName } from "../contracts/person.ts";
import type { Clock } from "../lib/clock.ts";
import { DAY_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type Engine, inTransaction } from "./engine.ts";
import type { Store } from "./store.ts";
import { IS_NO_START, type Tables } from "./tables.ts";

/** The rows of one step: few, so that other writes do not wait noticeably. */
const ROWS_AT_ONCE = 200;
/** Longer than a cohort may be unread before its next read only records its members (src/sources/sweeps/cohorts.ts). */
const COHORT_KEPT_MS = 14 * DAY_MS;
const OPT_OUTS_OF_PERSON: PropertyName = "unsubscribed_from";

/** Selects the old rows of a table. An index has the columns of `isOld`. */
interface Rule {
  table: keyof Tables;
  key: string[];
  isOld: RawBuilder<boolean>;
  /** Old rows for which this is true stay. */
  unless?: RawBuilder<boolean>;
}

/** Deletes rows older than `retentionMs`, at the start and once a day, in small steps. */
export function startRetention({
  prune,
  retentionMs,
  clock,
  log,
}: {
  prune: Store["prune"];
  retentionMs: number;
  clock: Clock;
  log: Log;
}): { stop(): Promise<void> } {
  let stopped = false;
  let cancelAlarm = () => {};
  let sweeping = sweep();
  return {
    async stop() {
      stopped = true;
      cancelAlarm();
      await sweeping;
    },
  };

  async function sweep(): Promise<void> {
    cancelAlarm = clock.at(clock.now() + DAY_MS, () => {
      sweeping = sweep();
    });
    try {
      const before = clock.now() - retentionMs;
      let deleted = 0;
      let step: number | null = null;
      do {
        await new Promise(setImmediate);
        step = await prune(before, ROWS_AT_ONCE);
        deleted += step ?? 0;
      } while (!stopped && step === ROWS_AT_ONCE);
      if (deleted > 0)
        log.info({ component: "store", outcome: "pruned", deleted, before: new Date(before).toISOString() });
    } catch (error) {
      log.warn({ component: "store", outcome: "not pruned, again in a day", error: describeError(error) });
    }
  }
}

/** Deletes old rows in one transaction, unless another process does. */
export function createPrune({ db, takeSweep, now }: Pick<Engine, "db" | "takeSweep" | "now">): Store["prune"] {
  return (before, mostRows) =>
    inTransaction(db, async (trx) => {
      if (!(await takeSweep(trx))) return null;
      let left = mostRows;
      for (const rule of rulesFor(before, now())) left -= await deleteOld(trx, rule, left);
      return mostRows - left;
    });
}

/**
 * The rules for rows from before `before`. An event may happen long before it arrives, so its arrival decides. Runs
 * without an arrival have a separate rule, because with an "or" PostgreSQL reads all old rows instead of the first few.
 */
function rulesFor(before: number, now: number): Rule[] {
  const iso = new Date(before).toISOString();
  const byNumber = (column: string) => sql<boolean>`${sql.ref(column)} < ${before}`;
  const byTime = (column: string) => sql<boolean>`${sql.ref(column)} < ${iso}`;
  const hasArrived = sql<boolean>`arrival < ${before * 1000}`;
  const wasSaved = sql<boolean>`${byNumber("saved_at")} and ${byTime("occurred_at")}`;
  const person = ["transaction_id", "step"];
  return [
    {
      table: "events",
      key: ["uuid"],
      isOld: byNumber("received_at"),
      unless: sql`about is not null and ${hasJob("events", sql`jobs.kind in ('upsert subscriber', 'merge')`)}`,
    },
    { table: "decisions", key: ["id"], isOld: byTime("decided_at"), unless: hasJobOfRun("decisions") },
    { table: "sends", key: person, isOld: byNumber("asked_at") },
    { table: "variants", key: ["transaction_id", "flag"], isOld: byNumber("drawn_at") },
    { table: "reports", key: ["transaction_id", "step", "status"], isOld: byNumber("reported_at") },
    { table: "custom_values", key: person, isOld: byNumber("saved_at") },
    { table: "profiles", key: ["distinct_id"], isOld: wasSaved },
    {
      table: "traits",
      key: ["distinct_id", "name"],
      isOld: wasSaved,
      // Opt-outs stay at any age.
      unless: sql`name = ${OPT_OUTS_OF_PERSON}`,
    },
    {
      table: "cohort_members",
      key: ["workflow", "cohort", "distinct_id"],
      // Each read of a cohort renews its members, so only those of a cohort that is not read any more become old.
      isOld: byNumber("seen_at"),
      // Without its members, everybody in a cohort would enter again at the next read.
      unless: sql`exists (
        select 1 from cohort_reads where cohort_reads.workflow = cohort_members.workflow
          and cohort_reads.cohort = cohort_members.cohort and read_at >= ${now - COHORT_KEPT_MS})`,
    },
    { table: "event_hours", key: ["name", "hour"], isOld: byNumber("hour") },
    { table: "ignored_events", key: ["id"], isOld: byTime("received_at") },
    ...[hasArrived, sql<boolean>`arrival is null and ${byTime("occurred_at")}`].map((isOld) => ({
      table: "runs" as const,
      key: ["transaction_id"],
      isOld,
      unless: hasJobOfRun("runs"),
    })),
    {
      table: "match_keys",
      key: ["transaction_id", "field"],
      isOld: byNumber("saved_at"),
      unless: sql`exists (select 1 from runs where runs.transaction_id = match_keys.transaction_id)`,
    },
    {
      table: "exits",
      key: ["distinct_id", "workflow", "event_uuid", "match_key"],
      isOld: hasArrived,
      unless: hasJob(
        "exits",
        sql`((jobs.kind = 'exit' and jobs.workflow = exits.workflow) or jobs.kind = 'awaited event')`,
      ),
    },
  ];
}

async function deleteOld(trx: Kysely<Tables>, { table, key, isOld, unless }: Rule, limit: number): Promise<number> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  const where = unless === undefined ? isOld : sql`${isOld} and not (${unless})`;
  const { numAffectedRows = 0n } = await sql`
    delete from ${sql.table(table)} where (${columns}) in (
      select ${columns} from ${sql.table(table)} where ${where} limit ${limit})`.execute(trx);
  return Number(numAffectedRows);
}

/** Whether the person of a row has such a job, which is no start. */
function hasJob(table: keyof Tables, isSuch: RawBuilder<unknown>): RawBuilder<boolean> {
  const isTheirs = sql`jobs.distinct_id = ${sql.ref(`${table}.distinct_id`)}`;
  return sql`exists (select 1 from jobs where ${IS_NO_START} and ${isTheirs} and ${isSuch})`;
}

function hasJobOfRun(table: "decisions" | "runs"): RawBuilder<boolean> {
  const transactionId = sql.ref(`${table}.transaction_id`);
  const start = sql`select 1 from jobs where jobs.key = ${sql.lit(START_KEY)} || ${transactionId}`;
  return sql`(exists (${start}) or ${hasJob(table, sql`jobs.transaction_id = ${transactionId}`)})`;
}
