import { type Kysely, type RawBuilder, sql } from "kysely";
import type { PropertyName } from "../contracts/person.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

const OPT_OUTS_OF_PERSON: PropertyName = "unsubscribed_from";

/** Rows of a table that are old, by an index. */
interface Rule {
  table: keyof Tables;
  key: string[];
  isOld: RawBuilder<boolean>;
  /** Old rows for which this is true stay. */
  unless?: RawBuilder<boolean>;
}

export function retention({
  db,
  takeSweep,
}: {
  db: Kysely<Tables>;
  takeSweep(trx: Kysely<Tables>): Promise<boolean>;
}): Pick<Store, "prune"> {
  return {
    prune(before, mostRows) {
      return inTransaction(db, async (trx) => {
        if (!(await takeSweep(trx))) return null;
        let left = mostRows;
        for (const rule of rulesFor(before)) left -= await deleteOld(trx, rule, left);
        return mostRows - left;
      });
    },
  };
}

/**
 * The rules about rows from before `before`. An event may have happened long before it arrived. A run without an
 * arrival has a rule of its own: for an "or" PostgreSQL reads all old rows, and not the first few.
 */
function rulesFor(before: number): Rule[] {
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
    { table: "decisions", key: ["id"], isOld: byTime("decided_at"), unless: hasJob("decisions", sameRun("decisions")) },
    { table: "sends", key: person, isOld: byNumber("asked_at") },
    { table: "variants", key: ["transaction_id", "flag"], isOld: byNumber("drawn_at") },
    { table: "reports", key: ["transaction_id", "step", "status"], isOld: byNumber("reported_at") },
    { table: "custom_values", key: person, isOld: byNumber("saved_at") },
    { table: "profiles", key: ["distinct_id"], isOld: wasSaved },
    {
      table: "traits",
      key: ["distinct_id", "name"],
      isOld: wasSaved,
      // Opt-outs have no age.
      unless: sql`name = ${OPT_OUTS_OF_PERSON}`,
    },
    { table: "ignored_events", key: ["id"], isOld: byTime("received_at") },
    ...[hasArrived, sql<boolean>`arrival is null and ${byTime("occurred_at")}`].map((isOld) => ({
      table: "runs" as const,
      key: ["transaction_id"],
      isOld,
      unless: hasJob("runs", sameRun("runs")),
    })),
    {
      table: "exits",
      key: ["distinct_id", "workflow", "event_uuid"],
      isOld: hasArrived,
      unless: hasJob("exits", sql`jobs.kind = 'exit' and jobs.workflow = exits.workflow`),
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

/** Whether the person of a row has such a job. */
function hasJob(table: keyof Tables, isSuch: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`exists (select 1 from jobs where jobs.distinct_id = ${sql.ref(`${table}.distinct_id`)} and ${isSuch})`;
}

function sameRun(table: keyof Tables): RawBuilder<boolean> {
  return sql`jobs.transaction_id = ${sql.ref(`${table}.transaction_id`)}`;
}
