import { type CreateTableBuilder, type Kysely, type Migration, type MigrationProvider, Migrator, sql } from "kysely";

import { NEXT_AT } from "./tables.ts";

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

      await withId(db.schema.createTable("work"))
        .addColumn("key", "text", (column) => column.notNull().unique())
        .addColumn("lane", "text", (column) => column.notNull())
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
        .on("work")
        .columns(["lane", "due_at", "id"])
        .where(sql.ref("state"), "=", sql.lit("waiting"))
        .execute();

      await sql`create index work_next on work (lane, ${NEXT_AT}) where state = 'waiting'`.execute(db);

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

      await withId(db.schema.createTable("set_aside"))
        .addColumn("received_at", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("event_uuid", "text")
        .addColumn("event_name", "text")
        .addColumn("body", "text", (column) => column.notNull())
        .execute();
    },
  },
});

/** Brings the tables up to date; throws with the name of the migration that failed. */
export async function migrate<Tables>(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrations(engine) };
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error")?.migrationName ?? "unknown";
  throw new Error(`the store's migration "${failed}" failed`, { cause: error });
}
