import { type CreateTableBuilder, type Kysely, type Migration, type MigrationProvider, Migrator, sql } from "kysely";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import { DAY_MS, HOUR_MS } from "../lib/durations.ts";
import { NEXT_AT } from "./tables.ts";

/** Of a step, on any plan of Novu. */
const LONGEST_WAIT_MS = 30 * DAY_MS;

export type Engine = "sqlite" | "postgres";

/** Forward only, and each leaves the tables usable for the version before it. */
const migrations = (engine: Engine): Record<string, Migration> => ({
  "0001-outbox": {
    async up(db) {
      /** A number of its own for each row, growing. */
      const withId = (table: CreateTableBuilder<string>) =>
        engine === "postgres"
          ? table.addColumn("id", "bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity())
          : table.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement());

      await db.schema
        .createTable("events")
        .addColumn("uuid", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addColumn("received_at", "bigint", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .execute();

      await db.schema
        .createTable("runs")
        .addColumn("transaction_id", "text", (column) => column.primaryKey())
        .addColumn("workflow", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("runs_of_person").on("runs").columns(["distinct_id", "workflow"]).execute();

      await db.schema
        .createTable("exits")
        .addColumn("workflow", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("event_uuid", "text", (column) => column.notNull())
        .addColumn("event_name", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("exits_once", ["distinct_id", "workflow", "event_uuid"])
        .execute();

      await withId(db.schema.createTable("jobs"))
        .addColumn("key", "text", (column) => column.notNull().unique())
        .addColumn("queue", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("due_at", "bigint", (column) => column.notNull())
        .addColumn("leased_until", "bigint", (column) => column.notNull())
        .addColumn("attempts", "integer", (column) => column.notNull())
        .addColumn("refusals", "integer", (column) => column.notNull())
        .addColumn("last_error", "text")
        .execute();
      await db.schema
        .createIndex("work_due")
        .on("jobs")
        .columns(["queue", "due_at", "id"])
        .where(sql.ref("state"), "=", sql.lit("waiting"))
        .execute();

      await sql`create index jobs_next on jobs (queue, ${NEXT_AT}) where state = 'waiting'`.execute(db);

      await db.schema
        .createTable("lines")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("next_at", "double precision", (column) => column.notNull())
        .execute();

      await withId(db.schema.createTable("decisions"))
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("step", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addUniqueConstraint("decisions_once", ["transaction_id", "step"])
        .execute();
      await db.schema.createIndex("decisions_of_person").on("decisions").columns(["distinct_id", "id"]).execute();

      await withId(db.schema.createTable("ignored_events"))
        .addColumn("received_at", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("event_uuid", "text")
        .addColumn("event_name", "text")
        .addColumn("body", "text", (column) => column.notNull())
        .execute();
    },
  },

  "0002-limits-and-retention": {
    async up(db) {
      await db.schema.alterTable("runs").addColumn("event_uuid", "text").execute();
      await db.schema.alterTable("runs").addColumn("entered_at", "bigint").execute();
      await db.schema.alterTable("runs").addColumn("ended_at", "bigint").execute();
      await db.schema.alterTable("ignored_events").addColumn("distinct_id", "text").execute();
      // Read from the body by the database, so that the version before this one fills them in as well.
      for (const [column, name] of Object.entries({
        workflow: "workflow",
        outcome: "outcome",
        decided_at: "decidedAt",
      }))
        await db.schema
          .alterTable("decisions")
          .addColumn(column, "text", (added) =>
            engine === "postgres"
              ? added.generatedAlwaysAs(sql`body::jsonb ->> ${sql.lit(name)}`).stored()
              : added.generatedAlwaysAs(sql`body ->> ${sql.lit(name)}`),
          )
          .execute();

      await db.schema
        .createTable("entries")
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("workflow", "text", (column) => column.notNull())
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("entries_one", ["distinct_id", "workflow"])
        .execute();

      // One index is enough to find what is due and what is next.
      await db.schema.dropIndex("work_due").execute();
      await db.schema.dropIndex("jobs_next").execute();
      await sql`create index jobs_next on jobs (queue, ${NEXT_AT}, id) where state = 'waiting'`.execute(db);

      // Who was sent how much, and what is old.
      await db.schema.createIndex("decisions_sent").on("decisions").columns(["distinct_id", "decided_at"]).execute();
      await db.schema.createIndex("events_by_age").on("events").column("received_at").execute();
      await db.schema.createIndex("runs_by_age").on("runs").column("occurred_at").execute();
      await db.schema
        .createIndex("runs_entered")
        .on("runs")
        .column("entered_at")
        .where("entered_at", "is not", null)
        .execute();
      await db.schema.createIndex("exits_by_age").on("exits").column("occurred_at").execute();
      await db.schema.createIndex("decisions_by_age").on("decisions").column("decided_at").execute();
    },
  },

  "0003-people": {
    async up(db) {
      await db.schema
        .createTable("aliases")
        .addColumn("former_id", "text", (column) => column.primaryKey())
        .addColumn("kept_id", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("aliases_kept").on("aliases").column("kept_id").execute();

      await db.schema
        .createTable("profiles")
        .addColumn("distinct_id", "text", (column) => column.primaryKey())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("is_doubtful", "integer", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("profiles_by_age").on("profiles").column("occurred_at").execute();

      await db.schema.alterTable("events").addColumn("about", "text").execute();
      await db.schema.createIndex("events_about").on("events").column("about").where("about", "is not", null).execute();
    },
  },

  "0004-sends": {
    async up(db) {
      await db.schema
        .createTable("sends")
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("step", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("asked_at", "bigint", (column) => column.notNull())
        .addColumn("taken_at", "bigint")
        .addColumn("put_off", "integer", (column) => column.notNull())
        .addPrimaryKeyConstraint("sends_once", ["transaction_id", "step"])
        .execute();
      await db.schema.createIndex("sends_by_age").on("sends").column("asked_at").execute();
      await db.schema.createIndex("sends_of_person").on("sends").columns(["distinct_id", "taken_at"]).execute();
    },
  },

  "0006-studio": {
    async up(db) {
      for (const name of ["channel", "reason"])
        await db.schema
          .alterTable("decisions")
          .addColumn(name, "text", (added) =>
            engine === "postgres"
              ? added.generatedAlwaysAs(sql`body::jsonb ->> ${sql.lit(name)}`).stored()
              : added.generatedAlwaysAs(sql`body ->> ${sql.lit(name)}`),
          )
          .execute();
      // A period is counted from the index alone; it also finds what the one on the time alone found.
      await db.schema
        .createIndex("decisions_counted")
        .on("decisions")
        .columns(["decided_at", "workflow", "outcome", "channel", "reason"])
        .execute();
      await db.schema.dropIndex("decisions_by_age").execute();
    },
  },

  "0007-opt-outs": {
    async up(db) {
      await db.schema
        .createTable("opt_outs")
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("topic", "text", (column) => column.notNull())
        .addColumn("at", "text", (column) => column.notNull())
        .addColumn("last_at", "text", (column) => column.notNull())
        .addColumn("is_out", "integer", (column) => column.notNull())
        .addColumn("cause", "text", (column) => column.notNull())
        .addColumn("transaction_id", "text")
        .addColumn("step", "text")
        .addPrimaryKeyConstraint("opt_outs_once", ["distinct_id", "topic", "at", "is_out"])
        .execute();

      await db.schema
        .createTable("bounces")
        .addColumn("distinct_id", "text", (column) => column.primaryKey())
        .addColumn("address_hash", "text")
        .addColumn("at", "text", (column) => column.notNull())
        .execute();
    },
  },

  "0008-variants": {
    async up(db) {
      await db.schema
        .createTable("variants")
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("flag", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("variant", "text", (column) => column.notNull())
        .addColumn("source", "text", (column) => column.notNull())
        .addColumn("drawn_at", "bigint", (column) => column.notNull())
        .addColumn("exposed_by", "text")
        .addPrimaryKeyConstraint("variants_once", ["transaction_id", "flag"])
        .execute();
      await db.schema.createIndex("variants_of_person").on("variants").column("distinct_id").execute();
      await db.schema.createIndex("variants_by_age").on("variants").column("drawn_at").execute();
    },
  },

  "0009-captures": {
    async up(db) {
      await db.schema
        .createTable("captures")
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("step", "text", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("captured_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("captures_once", ["transaction_id", "step", "status"])
        .execute();
      await db.schema.createIndex("captures_by_age").on("captures").column("captured_at").execute();
      await db.schema.createIndex("captures_of_person").on("captures").column("distinct_id").execute();
    },
  },

  "0010-sources": {
    async up(db) {
      await db.schema.alterTable("ignored_events").addColumn("source", "text").execute();
      await db.schema
        .createTable("traits")
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("occurred_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("traits_once", ["distinct_id", "name"])
        .execute();
      await db.schema.createIndex("traits_by_age").on("traits").column("occurred_at").execute();
    },
  },

  "0011-unfriendly-input": {
    async up(db) {
      // Jobs that were never tried are claimed apart from those that have failed before.
      await sql`create index jobs_fresh on jobs (queue, ${NEXT_AT}, id) where state = 'waiting' and last_error is null`.execute(
        db,
      );
      await sql`create index jobs_tried on jobs (queue, ${NEXT_AT}, id) where state = 'waiting' and last_error is not null`.execute(
        db,
      );
      await db.schema.dropIndex("jobs_next").execute();

      await db.schema
        .createTable("ended_sessions")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("expires_at", "bigint", (column) => column.notNull())
        .execute();

      // A body without a readable person may name one, and would not be found when that person is deleted.
      await sql`update ignored_events set body = '' where distinct_id is null`.execute(db);
    },
  },

  "0012-people": {
    async up(db) {
      await db.schema.alterTable("runs").addColumn("recipient", "text").execute();
      await db.schema.alterTable("runs").addColumn("recipient_try", "integer").execute();

      await db.schema
        .createIndex("set_aside_of_person")
        .on("ignored_events")
        .columns(["distinct_id", "reason"])
        .execute();

      const added = { runs: "arrival", exits: "arrival", traits: "kept_at", profiles: "kept_at" };
      for (const [table, column] of Object.entries(added)) {
        await db.schema.alterTable(table).addColumn(column, "bigint").execute();
        // The sweep finds what is old by it, and the rows of the version before this one by their own time.
        await db.schema.createIndex(`${table}_by_arrival`).on(table).columns([column, "occurred_at"]).execute();
      }
      for (const table of ["traits", "profiles"]) await db.schema.dropIndex(`${table}_by_age`).execute();
    },
  },

  "0013-shapes": {
    async up(db) {
      await db.schema.alterTable("runs").addColumn("shape", "text").execute();

      await db.schema
        .createTable("shapes")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("workflow", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("seen_at", "bigint", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("shapes_of_workflow").on("shapes").columns(["workflow", "seen_at"]).execute();

      await db.schema
        .createTable("custom_values")
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("step", "text", (column) => column.notNull())
        .addColumn("distinct_id", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("kept_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("custom_values_once", ["transaction_id", "step"])
        .execute();
      await db.schema.createIndex("custom_values_of_person").on("custom_values").column("distinct_id").execute();
      await db.schema.createIndex("custom_values_by_age").on("custom_values").column("kept_at").execute();
    },
  },

  "0014-overdue": {
    async up(db) {
      // The version before looked at no run that went silent. Nothing says which of its waits a run is in, so none is
      // given up before the longest one has ended; a day in between, because other questions are not to wait behind these.
      const now = Date.now();
      const waitEndsAt = new Date(now + LONGEST_WAIT_MS).toISOString();
      const body =
        engine === "postgres"
          ? sql`json_build_object('kind', 'overdue', 'body', json_build_object('transactionId', transaction_id, 'waitEndsAt', cast(${waitEndsAt} as text)))::text`
          : sql`json_object('kind', 'overdue', 'body', json_object('transactionId', transaction_id, 'waitEndsAt', ${waitEndsAt}))`;
      const within = engine === "postgres" ? sql`floor(random() * ${DAY_MS})::bigint` : sql`abs(random() % ${DAY_MS})`;
      await sql`
        insert into jobs (key, queue, body, state, due_at, leased_until, attempts, refusals)
        select 'overdue:' || transaction_id, 'receipts', ${body}, 'waiting', ${now + HOUR_MS} + ${within}, 0, 0, 0
        from runs
        where state = 'started' and ended_at is null and entered_at > ${now - LONGEST_RUN_MS}
        on conflict do nothing`.execute(db);
    },
  },
});

/** Throws when the tables are not there, or older than this version. */
export async function assertMigrated<Tables>(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const missing = (await migrator(db, engine).getMigrations()).filter(({ executedAt }) => executedAt === undefined);
  if (missing.length === 0) return;
  throw new Error(`the migration "${missing[0]?.name}" has not run there; start this version of the app on it once`);
}

/** Brings the tables up to date; throws with the name of the migration that failed. */
export async function migrate<Tables>(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const { error, results } = await migrator(db, engine).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error")?.migrationName ?? "unknown";
  throw new Error(`the store's migration "${failed}" failed`, { cause: error });
}

/** Runs the migrations of these tables, one by one if need be. */
export function migrator<Tables>(db: Kysely<Tables>, engine: Engine): Migrator {
  const provider: MigrationProvider = { getMigrations: async () => migrations(engine) };
  return new Migrator({ db, provider });
}
