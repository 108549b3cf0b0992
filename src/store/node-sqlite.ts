import type { SqliteStatement } from "kysely";
import { type SqliteConnection, type SqliteDriver, SqliteError } from "./sqlite-connection.ts";

/** The part of node:sqlite that is used here; the types of Node 20 have none of it. */
interface NodeSqlite {
  DatabaseSync: new (file: string, options?: { readOnly?: boolean }) => DatabaseSync;
  backup(source: DatabaseSync, file: string, options: { rate: number }): Promise<number>;
}

interface DatabaseSync {
  exec(text: string): void;
  prepare(text: string): StatementSync;
  close(): void;
}

interface StatementSync {
  columns(): unknown[];
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number };
  iterate(...parameters: unknown[]): IterableIterator<unknown>;
  setReadBigInts(enabled: boolean): void;
}

/** More than any file has. */
const ALL_PAGES = 2 ** 31 - 1;

/** Node's own SQLite; null where this Node has none. */
export function nodeSqlite(): SqliteDriver | null {
  const sqlite = withoutExperimentalWarning(() => process.getBuiltinModule("node:sqlite")) as NodeSqlite | undefined;
  if (sqlite === undefined) return null;
  const open = (file: string, readOnly: boolean) => named(() => new sqlite.DatabaseSync(file, { readOnly }));
  return {
    name: "node:sqlite",
    open: (file, { readOnly = false } = {}) => connectionOf(open(file, readOnly)),
    async copy(from, to) {
      const source = open(from, true);
      try {
        // In one step: a commit between two of them would start the copy again.
        await sqlite.backup(source, to, { rate: ALL_PAGES });
      } catch (error) {
        throw naming(error);
      } finally {
        source.close();
      }
    },
  };
}

function connectionOf(database: DatabaseSync): SqliteConnection {
  return {
    exec: (text) => named(() => database.exec(text)),
    prepare: (text) =>
      statementOf(
        named(() => database.prepare(text)),
        text,
      ),
    close: () => database.close(),
  };
}

function statementOf(statement: StatementSync, text: string): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => named(() => all(parameters)),
    run: (parameters) => named(() => statement.run(...parameters)),
    iterate: (parameters) => named(() => statement.iterate(...parameters)),
  };

  function all(parameters: readonly unknown[]): unknown[] {
    try {
      return statement.all(...parameters);
    } catch (error) {
      // An integer beyond 2^53. A statement that writes must not run twice.
      if ((error as { code?: string }).code !== "ERR_OUT_OF_RANGE" || !/^select/i.test(text)) throw error;
      statement.setReadBigInts(true);
      try {
        return statement.all(...parameters).map((row) => withoutBigInts(row as object));
      } finally {
        statement.setReadBigInts(false);
      }
    }
  }
}

function withoutBigInts(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
}

function named<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (error) {
    throw naming(error);
  }
}

function naming(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  return errcode === undefined ? error : new SqliteError(message, errcode);
}

/** Node 22 and 24 warn when node:sqlite is loaded, and an operator can do nothing about it. Other warnings pass. */
function withoutExperimentalWarning<Value>(load: () => Value): Value {
  const { emitWarning } = process;
  process.emitWarning = ((...warning: [warning: string, type?: string]) => {
    if (warning[1] !== "ExperimentalWarning") Reflect.apply(emitWarning, process, warning);
  }) as typeof emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
