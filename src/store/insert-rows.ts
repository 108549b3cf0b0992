import type { Insertable, Kysely, RawBuilder } from "kysely";
import type { Tables } from "./tables.ts";

export type Row<Table extends keyof Tables> = Insertable<Tables[Table]>;

export type ColumnType = "text" | "bigint" | "integer";

/** The fastest way of an engine to insert many rows of a table, with these columns. */
export type FromRows = (table: Written, rows: object[], columns: Record<string, ColumnType>) => RawBuilder<never>;

/** One statement whose text is the same for any number of rows; null for none. */
export function insertRows<Table extends Written>(
  on: Kysely<Tables>,
  fromRows: FromRows,
  table: Table,
  rows: Row<Table>[],
) {
  if (rows.length === 0) return null;
  const columns: Record<string, ColumnType> = COLUMNS[table];
  return on
    .insertInto(table)
    .columns(Object.keys(columns) as never)
    .expression(fromRows(table, rows, columns));
}

export type Written = keyof typeof COLUMNS;

/** The columns of the tables that are written many rows at a time. */
const COLUMNS = {
  events: {
    uuid: "text",
    name: "text",
    distinct_id: "text",
    occurred_at: "text",
    received_at: "bigint",
    body: "text",
    about: "text",
  },
  runs: {
    transaction_id: "text",
    workflow: "text",
    distinct_id: "text",
    event_uuid: "text",
    occurred_at: "text",
    state: "text",
    arrival: "bigint",
  },
  exits: {
    workflow: "text",
    distinct_id: "text",
    event_uuid: "text",
    event_name: "text",
    occurred_at: "text",
    arrival: "bigint",
  },
  entries: { distinct_id: "text", workflow: "text", transaction_id: "text", occurred_at: "text" },
  profiles: { distinct_id: "text", occurred_at: "text", body: "text", is_doubtful: "integer", saved_at: "bigint" },
  traits: { distinct_id: "text", name: "text", value: "text", occurred_at: "text", saved_at: "bigint" },
  aliases: { previous_id: "text", current_id: "text", occurred_at: "text" },
  jobs: {
    key: "text",
    kind: "text",
    queue: "text",
    workflow: "text",
    transaction_id: "text",
    distinct_id: "text",
    body: "text",
    state: "text",
    due_at: "bigint",
    leased_until: "bigint",
    attempts: "integer",
    refusals: "integer",
  },
} as const satisfies { [Table in keyof Tables]?: { [Column in keyof Tables[Table]]?: ColumnType } };
