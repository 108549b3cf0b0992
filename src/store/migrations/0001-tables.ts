import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { Engine } from "../migrate.ts";
import { NEXT_AT } from "../tables.ts";
import { createLimits, createOptOuts, createPeople, createReports, createShapes } from "./0001-other-tables.ts";

/** Every table. Each column is described in tables.ts. */
export async function createTables(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createEvents(db, engine);
  await createRuns(db);
  await createJobs(db, engine);
  await createDecisions(db, engine);
  await createReports(db);
  await createPeople(db);
  await createOptOuts(db);
  await createLimits(db);
  await createShapes(db);
}

async function createEvents(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await db.schema
    .createTable("events")
    .addColumn("uuid", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addColumn("received_at", "bigint", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("about", "text")
    .execute();
  await db.schema.createIndex("events_by_age").on("events").column("received_at").execute();
  await db.schema.createIndex("events_about").on("events").column("about").where("about", "is not", null).execute();

  await withId(db.schema.createTable("ignored_events"), engine)
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("received_at", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("event_uuid", "text")
    .addColumn("event_name", "text")
    .addColumn("distinct_id", "text")
    .addColumn("body", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex("ignored_events_of_person")
    .on("ignored_events")
    .columns(["distinct_id", "reason"])
    .execute();
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("runs")
    .addColumn("transaction_id", "text", (column) => column.primaryKey())
    .addColumn("workflow", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("event_uuid", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("entered_at", "bigint")
    .addColumn("ended_at", "bigint")
    .addColumn("recipient", "text")
    .addColumn("recipient_try", "integer")
    .addColumn("arrival", "bigint")
    .addColumn("shape", "text")
    .execute();
  await db.schema.createIndex("runs_of_person").on("runs").columns(["distinct_id", "workflow"]).execute();
  await db.schema.createIndex("runs_by_age").on("runs").column("occurred_at").execute();
  await db.schema.createIndex("runs_by_arrival").on("runs").columns(["arrival", "occurred_at"]).execute();
  await db.schema
    .createIndex("runs_entered")
    .on("runs")
    .column("entered_at")
    .where("entered_at", "is not", null)
    .execute();

  await db.schema
    .createTable("entries")
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("workflow", "text", (column) => column.notNull())
    .addColumn("transaction_id", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("entries_one", ["distinct_id", "workflow"])
    .execute();

  await db.schema
    .createTable("exits")
    .addColumn("workflow", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("event_uuid", "text", (column) => column.notNull())
    .addColumn("event_name", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addColumn("arrival", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("exits_once", ["distinct_id", "workflow", "event_uuid"])
    .execute();
  await db.schema.createIndex("exits_by_age").on("exits").column("occurred_at").execute();
  await db.schema.createIndex("exits_by_arrival").on("exits").column("arrival").execute();
}

async function createJobs(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await withId(db.schema.createTable("jobs"), engine)
    .addColumn("key", "text", (column) => column.notNull().unique())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("queue", "text", (column) => column.notNull())
    .addColumn("workflow", "text")
    .addColumn("transaction_id", "text")
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("due_at", "bigint", (column) => column.notNull())
    .addColumn("leased_until", "bigint", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("refusals", "integer", (column) => column.notNull())
    .addColumn("last_error", "text")
    .execute();
  // A claim takes jobs that were never tried and jobs that were, each by its own index.
  await sql`create index jobs_fresh on jobs (queue, ${NEXT_AT}, id) where state = 'waiting' and last_error is null`.execute(
    db,
  );
  await sql`create index jobs_tried on jobs (queue, ${NEXT_AT}, id) where state = 'waiting' and last_error is not null`.execute(
    db,
  );
  await db.schema.createIndex("jobs_of_person").on("jobs").columns(["distinct_id", "transaction_id"]).execute();
}

async function createDecisions(db: Kysely<unknown>, engine: Engine): Promise<void> {
  let decisions = withId(db.schema.createTable("decisions"), engine)
    .addColumn("transaction_id", "text", (column) => column.notNull())
    .addColumn("step", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull());
  for (const [column, name] of Object.entries({
    workflow: "workflow",
    outcome: "outcome",
    decided_at: "decidedAt",
    channel: "channel",
    reason: "reason",
  }))
    decisions = decisions.addColumn(column, "text", (added) =>
      engine === "postgres"
        ? added.generatedAlwaysAs(sql`body::jsonb ->> ${sql.lit(name)}`).stored()
        : added.generatedAlwaysAs(sql`body ->> ${sql.lit(name)}`),
    );
  await decisions.addUniqueConstraint("decisions_once", ["transaction_id", "step"]).execute();
  await db.schema.createIndex("decisions_of_person").on("decisions").columns(["distinct_id", "id"]).execute();
  // A period is counted from the index alone.
  await db.schema
    .createIndex("decisions_counted")
    .on("decisions")
    .columns(["decided_at", "workflow", "outcome", "channel", "reason"])
    .execute();

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
}

/** A growing number of its own for each row. */
function withId<Table extends string>(table: CreateTableBuilder<Table>, engine: Engine): CreateTableBuilder<Table> {
  return engine === "postgres"
    ? (table.addColumn("id", "bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity()) as never)
    : (table.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement()) as never);
}
