import type { Kysely } from "kysely";

export async function createPeople(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("aliases")
    .addColumn("previous_id", "text", (column) => column.primaryKey())
    .addColumn("current_id", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("aliases_current").on("aliases").column("current_id").execute();

  await db.schema
    .createTable("profiles")
    .addColumn("distinct_id", "text", (column) => column.primaryKey())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("is_doubtful", "integer", (column) => column.notNull())
    .addColumn("saved_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("profiles_by_age").on("profiles").columns(["saved_at", "occurred_at"]).execute();

  await db.schema
    .createTable("traits")
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addColumn("occurred_at", "text", (column) => column.notNull())
    .addColumn("saved_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("traits_once", ["distinct_id", "name"])
    .execute();
  await db.schema.createIndex("traits_by_age").on("traits").columns(["saved_at", "occurred_at"]).execute();
}

export async function createOptOuts(db: Kysely<unknown>): Promise<void> {
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
}

export async function createLimits(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("rate_limiters")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("next_at", "double precision", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("leases")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("next_at", "double precision", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("ended_sessions")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();

  await db.schema
    .createTable("sends")
    .addColumn("transaction_id", "text", (column) => column.notNull())
    .addColumn("step", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("asked_at", "bigint", (column) => column.notNull())
    .addColumn("reserved_at", "bigint")
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("sends_once", ["transaction_id", "step"])
    .execute();
  await db.schema.createIndex("sends_by_age").on("sends").column("asked_at").execute();
  await db.schema.createIndex("sends_of_person").on("sends").columns(["distinct_id", "reserved_at"]).execute();
}

export async function createShapes(db: Kysely<unknown>): Promise<void> {
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
    .addColumn("saved_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("custom_values_once", ["transaction_id", "step"])
    .execute();
  await db.schema.createIndex("custom_values_of_person").on("custom_values").column("distinct_id").execute();
  await db.schema.createIndex("custom_values_by_age").on("custom_values").column("saved_at").execute();
}

export async function createReports(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("reports")
    .addColumn("transaction_id", "text", (column) => column.notNull())
    .addColumn("step", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("distinct_id", "text", (column) => column.notNull())
    .addColumn("reported_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("reports_once", ["transaction_id", "step", "status"])
    .execute();
  await db.schema.createIndex("reports_by_age").on("reports").column("reported_at").execute();
  await db.schema.createIndex("reports_of_person").on("reports").column("distinct_id").execute();
}
