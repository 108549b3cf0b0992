import { type RawBuilder, type SqliteStatement, sql } from "kysely";

/** Stands for the parameters of a statement that is run once for each row. */
class EachRow {
  readonly rows: unknown[][];

  constructor(rows: unknown[][]) {
    this.rows = rows;
  }
}

/** For small rows: one parameter for all is faster than one run for each. */
export function outOfJson(rows: object[], columns: string[]): RawBuilder<never> {
  const values = columns.map((column) => sql`value ->> ${sql.lit(column)}`);
  // Without a where, SQLite reads the "on" of "on conflict" as that of a join.
  return sql`select ${sql.join(values)} from json_each(${JSON.stringify(rows)}) where true`;
}

/**
 * For large rows: their bodies are JSON already, and to encode them again is slower than one run for each. All or
 * none only within a transaction.
 */
export function oneByOne(rows: object[], columns: string[]): RawBuilder<never> {
  const each = new EachRow(
    rows.map((row) => columns.map((column) => (row as Record<string, unknown>)[column] ?? null)),
  );
  return sql`values (${each}${sql.raw(", ?".repeat(columns.length - 1))})`;
}

/** The same statement, which also accepts the rows of `oneByOne`. */
export function acceptingRows(statement: SqliteStatement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => rowsOf(parameters).flatMap((row) => statement.all(row)),
    run(parameters) {
      const done = rowsOf(parameters).map((row) => statement.run(row));
      const changes = done.reduce((sum, one) => sum + Number(one.changes), 0);
      return { changes, lastInsertRowid: done.at(-1)?.lastInsertRowid ?? 0 };
    },
    iterate: (parameters) => statement.iterate(parameters),
  };
}

function rowsOf(parameters: readonly unknown[]): ReadonlyArray<readonly unknown[]> {
  const [first] = parameters;
  return first instanceof EachRow ? first.rows : [parameters];
}
