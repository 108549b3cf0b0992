import { pathToFileURL } from "node:url";
import type { SqliteStatement } from "kysely";
import type Database from "libsql";
import { type SqliteConnection, type SqliteDriver, SqliteError } from "./sqlite-connection.ts";

/** SQLite 3.45.1 from a package; it is loaded only where it is used. */
export async function libsql(): Promise<SqliteDriver> {
  const { default: Database } = await import("libsql");
  return {
    name: "libsql",
    open: (file, { readOnly = false } = {}) =>
      connectionOf(named(() => new Database(readOnly ? readOnlyUri(file) : file))),
    async copy(from, to) {
      const { default: AsyncDatabase } = await import("libsql/promise");
      try {
        const source = new AsyncDatabase(readOnlyUri(from), {});
        await source.exec(`vacuum into '${to.replaceAll("'", "''")}'`);
        source.close();
      } catch (error) {
        throw naming(error);
      }
    },
  };
}

/** Its option `readonly` does nothing. */
function readOnlyUri(file: string): string {
  return `${pathToFileURL(file).href}?mode=ro`;
}

/** `close()` leaves the file, and a transaction that is open, to the garbage collector. */
function connectionOf(database: Database.Database): SqliteConnection {
  return {
    exec: (text) => named(() => void database.exec(text)),
    prepare: (text) => statementOf(named(() => database.prepare(text))),
    close: () => void database.close(),
  };
}

function statementOf(statement: Database.Statement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => named(() => statement.all(parameters)),
    run: (parameters) => named(() => statement.run(parameters)),
    iterate: (parameters) => named(() => statement.iterate(parameters)),
  };
}

function named<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (error) {
    throw naming(error);
  }
}

function naming(error: unknown): unknown {
  const { rawCode, message } = error as { rawCode?: number; message: string };
  if (rawCode !== undefined) return new SqliteError(message, rawCode);
  // ConnectionFailed("Unable to open connection to local database /data/bridge.db: 14")
  const [, code] = /^ConnectionFailed\(.*: (\d+)"\)$/.exec(message) ?? [];
  return code === undefined ? error : new SqliteError("unable to open database file", Number(code));
}
