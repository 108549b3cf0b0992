import { type Kysely, sql } from "kysely";
import { STATUSES } from "../contracts/capture.ts";
import { correctionKey, overdueKey, refreshKey, unheardKey } from "../contracts/job.ts";
import type { PropertyName } from "../contracts/person.ts";
import { startKey } from "./event-rows.ts";
import { idsOfPerson } from "./merges.ts";
import type { People, PersonRecords } from "./people.ts";
import type { Store } from "./store.ts";
import { STARTED_BY, type Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

const UNWANTED: PropertyName = "unsubscribed_from";

type Kept = keyof PersonRecords;
/** The table of each kind of record on a person; first what is found by the others. */
const TABLE_OF = {
  jobs: "jobs",
  events: "events",
  runs: "runs",
  entries: "entries",
  exits: "exits",
  decisions: "decisions",
  sends: "sends",
  variants: "variants",
  captures: "captures",
  customValues: "custom_values",
  ignored: "ignored_events",
  profiles: "profiles",
  traits: "traits",
  optOuts: "opt_outs",
  bounces: "bounces",
  aliases: "aliases",
} as const satisfies Record<Kept, keyof Tables>;
const KINDS = Object.keys(TABLE_OF) as Kept[];

/** The keys of the work that a row may have caused, as acceptances, choices and decisions make them. */
const KEYS_OF = {
  events: [sql<string>`'profile:' || events.uuid`, sql<string>`'join:' || events.uuid`],
  runs: [
    ...[startKey, unheardKey, refreshKey, correctionKey, overdueKey].map(
      (keyOf) => sql<string>`${keyOf("")} || runs.transaction_id`,
    ),
    sql<string>`'report:' || runs.transaction_id || '::triggered'`,
  ],
  opt_outs: [
    ...["preferences", "unwanted"].flatMap((kind) => [
      sql<string>`${sql.lit(kind)} || ':' || opt_outs.distinct_id`,
      sql<string>`${sql.lit(kind)} || ':' || opt_outs.distinct_id || ':next'`,
      sql<string>`${sql.lit(kind)} || ':' || opt_outs.distinct_id || ':' || opt_outs.at`,
      // Of the version before this one.
      sql<string>`${sql.lit(kind)} || ':' || opt_outs.distinct_id || ':' || opt_outs.topic || ':' || opt_outs.at || ':' || opt_outs.is_out`,
    ]),
    sql<string>`'report:' || opt_outs.transaction_id || ':' || opt_outs.step || ':unsubscribed'`,
  ],
  exits: [sql<string>`'exit:' || exits.event_uuid || ':' || exits.workflow`],
  decisions: [
    sql<string>`'receipt:' || decisions.transaction_id || ':' || decisions.step`,
    ...STATUSES.map(
      (status) =>
        sql<string>`'report:' || decisions.transaction_id || ':' || decisions.step || ':' || ${sql.lit(status)}`,
    ),
  ],
};

/** Events and work are found by the rest: an index on their person would cost every event, and an earlier version named none. */
function isOf(kind: Kept, distinctIds: string[]) {
  const isTheirs = (column: string) => sql<boolean>`${sql.ref(column)} in (${sql.join(distinctIds)})`;
  if (kind === "events")
    return sql<boolean>`uuid in (
      select ${STARTED_BY} from runs where ${isTheirs("distinct_id")}
      union select event_uuid from exits where ${isTheirs("distinct_id")}
      union select uuid from events where about is not null and ${isTheirs("about")})`;
  if (kind === "aliases") return sql<boolean>`(${isTheirs("former_id")} or ${isTheirs("kept_id")})`;
  if (kind !== "jobs") return isTheirs("distinct_id");
  const keys = Object.entries(KEYS_OF).flatMap(([table, keys]) =>
    keys.map(
      (key) =>
        sql`select ${key} from ${sql.table(table)} where ${isTheirs(table === "events" ? "about" : "distinct_id")}`,
    ),
  );
  return sql<boolean>`key in (${sql.join(keys, sql` union all `)})`;
}

/** What is kept on one person, and for how long anything is. */
export function retention({
  db,
  takeSweep,
}: {
  db: Kysely<Tables>;
  takeSweep(trx: Kysely<Tables>): Promise<boolean>;
}): Pick<People, "listRecords" | "delete"> & Pick<Store, "prune"> {
  return {
    async listRecords(distinctId) {
      const ids = await idsOfPerson(db, distinctId);
      const records = {} as PersonRecords;
      for (const kind of KINDS)
        records[kind] = await db.selectFrom(TABLE_OF[kind]).selectAll().where(isOf(kind, ids)).execute();
      return records;
    },

    delete(distinctId) {
      return inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        const deleted = {} as Record<Kept, number>;
        for (const kind of KINDS) {
          const { numDeletedRows } = await trx
            .deleteFrom(TABLE_OF[kind])
            .where(isOf(kind, ids))
            .executeTakeFirstOrThrow();
          deleted[kind] = Number(numDeletedRows);
        }
        return deleted;
      });
    },

    prune(before, mostRows) {
      return inTransaction(db, async (trx) => {
        if (!(await takeSweep(trx))) return null;
        let left = mostRows;
        for (const sweep of sweeps(trx, before)) {
          const { numDeletedRows } = await sweep(left).executeTakeFirstOrThrow();
          left -= Number(numDeletedRows);
        }
        return mostRows - left;
      });
    },
  };
}

/** A deletion of up to `limit` old rows of each table. What has work to be done is kept. */
function sweeps(trx: Kysely<Tables>, before: number) {
  const iso = new Date(before).toISOString();
  const isDone = (table: keyof typeof KEYS_OF) =>
    sql<boolean>`not exists (select 1 from jobs where jobs.key in (${sql.join(KEYS_OF[table])}))`;
  // An event may have happened long before it arrived. The version before this one writes none of the two columns, and
  // renews `occurred_at`. Two sweeps each: for an "or" PostgreSQL looks up all that is old, and not the first few.
  const happened = sql<boolean>`occurred_at < ${iso}`;
  const hasArrived = [sql<boolean>`arrival < ${before * 1000}`, sql<boolean>`arrival is null and ${happened}`];
  const wasKept = [sql<boolean>`kept_at < ${before} and ${happened}`, sql<boolean>`kept_at is null and ${happened}`];
  return [
    (limit: number) =>
      trx.deleteFrom("events").where(
        "uuid",
        "in",
        trx
          .selectFrom("events")
          .select("uuid")
          .where("received_at", "<", before)
          .where((row) => row.or([row("about", "is", null), isDone("events")]))
          .limit(limit),
      ),
    (limit: number) =>
      trx
        .deleteFrom("decisions")
        .where(
          "id",
          "in",
          trx
            .selectFrom("decisions")
            .select("id")
            .where("decided_at", "<", iso)
            .where(isDone("decisions"))
            .limit(limit),
        ),
    (limit: number) =>
      trx
        .deleteFrom("sends")
        .where(({ eb, refTuple }) =>
          eb(
            refTuple("transaction_id", "step"),
            "in",
            trx
              .selectFrom("sends")
              .select(["transaction_id", "step"])
              .where("asked_at", "<", before)
              .limit(limit)
              .$asTuple("transaction_id", "step"),
          ),
        ),
    (limit: number) =>
      trx
        .deleteFrom("variants")
        .where(({ eb, refTuple }) =>
          eb(
            refTuple("transaction_id", "flag"),
            "in",
            trx
              .selectFrom("variants")
              .select(["transaction_id", "flag"])
              .where("drawn_at", "<", before)
              .limit(limit)
              .$asTuple("transaction_id", "flag"),
          ),
        ),
    (limit: number) =>
      trx
        .deleteFrom("captures")
        .where(({ eb, refTuple }) =>
          eb(
            refTuple("transaction_id", "step", "status"),
            "in",
            trx
              .selectFrom("captures")
              .select(["transaction_id", "step", "status"])
              .where("captured_at", "<", before)
              .limit(limit)
              .$asTuple("transaction_id", "step", "status"),
          ),
        ),
    (limit: number) =>
      trx
        .deleteFrom("custom_values")
        .where(({ eb, refTuple }) =>
          eb(
            refTuple("transaction_id", "step"),
            "in",
            trx
              .selectFrom("custom_values")
              .select(["transaction_id", "step"])
              .where("kept_at", "<", before)
              .limit(limit)
              .$asTuple("transaction_id", "step"),
          ),
        ),
    ...wasKept.map(
      (isOld) => (limit: number) =>
        trx
          .deleteFrom("profiles")
          .where("distinct_id", "in", trx.selectFrom("profiles").select("distinct_id").where(isOld).limit(limit)),
    ),
    ...wasKept.map(
      (isOld) => (limit: number) =>
        trx.deleteFrom("traits").where(({ eb, refTuple }) =>
          eb(
            refTuple("distinct_id", "name"),
            "in",
            trx
              .selectFrom("traits")
              .select(["distinct_id", "name"])
              .where(isOld)
              // A person who wants none does not want them later either: opt-outs have no age.
              .where("name", "<>", UNWANTED)
              .limit(limit)
              .$asTuple("distinct_id", "name"),
          ),
        ),
    ),
    (limit: number) =>
      trx
        .deleteFrom("ignored_events")
        .where("id", "in", trx.selectFrom("ignored_events").select("id").where("received_at", "<", iso).limit(limit)),
    ...hasArrived.map(
      (isOld) => (limit: number) =>
        trx
          .deleteFrom("runs")
          .where(
            "transaction_id",
            "in",
            trx.selectFrom("runs").select("transaction_id").where(isOld).where(isDone("runs")).limit(limit),
          ),
    ),
    ...hasArrived.map(
      (isOld) => (limit: number) =>
        trx
          .deleteFrom("exits")
          .where(({ eb, refTuple }) =>
            eb(
              refTuple("distinct_id", "workflow", "event_uuid"),
              "in",
              trx
                .selectFrom("exits")
                .select(["distinct_id", "workflow", "event_uuid"])
                .where(isOld)
                .where(isDone("exits"))
                .limit(limit)
                .$asTuple("distinct_id", "workflow", "event_uuid"),
            ),
          ),
    ),
  ];
}
