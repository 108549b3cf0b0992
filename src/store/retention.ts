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
export const ROWS_AT_ONCE = 200;
/** Longer than a cohort may be unread before its next read only records its members (src/sources/sweeps/cohorts.ts). */
const COHORT_KEPT_MS = 14 * DAY_MS;
const STEP = ["transaction_id", "step"];
const OPT_OUTS_OF_PERSON: PropertyName = "unsubscribed_from";

/** Selects the old rows of a table. An index begins with `age`. */
interface Rule {
  table: keyof Tables;
  key: string[];
  age: string;
  isOld: RawBuilder<boolean>;
  /** Old rows for which this is true stay. */
  unless?: RawBuilder<boolean>;
}

/** The value of the column `age`. */
type Age = string | number;

/** How far each rule has deleted the rows from before `before`; null for a rule that has deleted all. */
interface Sweep {
  before: number;
  reached: Map<number, Age | null>;
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

/**
 * Deletes old rows in one transaction, unless another process does. A step begins where the step before it ended,
 * because rows that stay would be read again in each step otherwise. A step that is not full is the last of a sweep.
 */
export function createPrune({ db, takeSweep, now }: Pick<Engine, "db" | "takeSweep" | "now">): Store["prune"] {
  let sweep: Sweep = { before: 0, reached: new Map() };
  return async (before, mostRows) => {
    const reached = new Map(sweep.before === before ? sweep.reached : []);
    const deleted = await inTransaction(db, async (trx) => {
      if (!(await takeSweep(trx))) return null;
      let left = mostRows;
      for (const [index, rule] of rulesFor(before, now()).entries()) {
        const from = reached.get(index);
        if (left === 0 || from === null) continue;
        const ages = await deleteOld(trx, rule, { from, limit: left });
        reached.set(index, ages.length < left ? null : newestOf(ages));
        left -= ages.length;
      }
      return mostRows - left;
    });
    sweep = { before, reached: deleted === mostRows ? reached : new Map() };
    return deleted;
  };
}

function newestOf(ages: Age[]): Age | null {
  return ages.reduce<Age | null>((newest, age) => (newest === null || age > newest ? age : newest), null);
}

/**
 * The rules for rows from before `before`. An event may happen long before it arrives, so its arrival decides. Runs
 * without an arrival have a separate rule, because with an "or" PostgreSQL reads all old rows instead of the first few.
 */
function rulesFor(before: number, now: number): Rule[] {
  const iso = new Date(before).toISOString();
  const byNumber = (age: string) => ({ age, isOld: sql<boolean>`${sql.ref(age)} < ${before}` });
  const byTime = (age: string) => ({ age, isOld: sql<boolean>`${sql.ref(age)} < ${iso}` });
  const hasArrived = { age: "arrival", isOld: sql<boolean>`arrival < ${before * 1000}` };
  const hasNotArrived = { age: "occurred_at", isOld: sql<boolean>`arrival is null and occurred_at < ${iso}` };
  const wasSaved = { age: "saved_at", isOld: sql<boolean>`saved_at < ${before} and occurred_at < ${iso}` };
  return [
    {
      table: "events",
      key: ["uuid"],
      ...byNumber("received_at"),
      unless: sql`about is not null and ${hasJob("events", sql`jobs.kind in ('upsert subscriber', 'merge')`)}`,
    },
    { table: "decisions", key: ["id"], ...byTime("decided_at"), unless: hasJobOfRun("decisions") },
    { table: "sends", key: STEP, ...byNumber("asked_at") },
    { table: "variants", key: ["transaction_id", "flag"], ...byNumber("drawn_at") },
    { table: "reports", key: ["transaction_id", "step", "status"], ...byNumber("reported_at") },
    { table: "custom_values", key: STEP, ...byNumber("saved_at") },
    { table: "profiles", key: ["distinct_id"], ...wasSaved },
    {
      table: "traits",
      key: ["distinct_id", "name"],
      ...wasSaved,
      // Opt-outs stay at any age.
      unless: sql`name = ${OPT_OUTS_OF_PERSON}`,
    },
    {
      table: "cohort_members",
      key: ["workflow", "cohort", "distinct_id"],
      // Each read of a cohort renews its members, so only those of a cohort that is not read any more become old.
      ...byNumber("seen_at"),
      // Without its members, everybody in a cohort would enter again at the next read.
      unless: sql`exists (
        select 1 from cohort_reads where cohort_reads.workflow = cohort_members.workflow
          and cohort_reads.cohort = cohort_members.cohort and read_at >= ${now - COHORT_KEPT_MS})`,
    },
    { table: "event_hours", key: ["name", "hour"], ...byNumber("hour") },
    { table: "ignored_events", key: ["id"], ...byTime("received_at") },
    ...[hasArrived, hasNotArrived].map((isOld) => ({
      table: "runs" as const,
      key: ["transaction_id"],
      ...isOld,
      unless: hasJobOfRun("runs"),
    })),
    {
      table: "match_keys",
      key: ["transaction_id", "field"],
      ...byNumber("saved_at"),
      unless: sql`exists (select 1 from runs where runs.transaction_id = match_keys.transaction_id)`,
    },
    {
      table: "exits",
      key: ["distinct_id", "workflow", "event_uuid", "match_key"],
      ...hasArrived,
      unless: hasJob(
        "exits",
        sql`((jobs.kind = 'exit' and jobs.workflow = exits.workflow) or jobs.kind = 'awaited event')`,
      ),
    },
  ];
}

/** Deletes the oldest rows from this age on; answers their ages. */
async function deleteOld(
  trx: Kysely<Tables>,
  { table, key, age, isOld, unless }: Rule,
  { from, limit }: { from: Age | undefined; limit: number },
): Promise<Age[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  const isNext = from === undefined ? isOld : sql`${isOld} and ${sql.ref(age)} >= ${from}`;
  const where = unless === undefined ? isNext : sql`${isNext} and not (${unless})`;
  const { rows } = await sql<{ age: Age }>`
    delete from ${sql.table(table)} where (${columns}) in (
      select ${columns} from ${sql.table(table)} where ${where} order by ${sql.ref(age)} limit ${limit})
    returning ${sql.ref(age)} as age`.execute(trx);
  return rows.map((row) => row.age);
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
