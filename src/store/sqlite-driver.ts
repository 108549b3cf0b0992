import { pathToFileURL } from "node:url";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import type Database from "libsql";

/**
 * SQLite as the store uses it, from node:sqlite or libsql. An error that SQLite itself reports is a `SqliteError`.
 * Integers beyond 2^53 lose their last digits; rows may have no prototype.
 */
export interface SqliteDriver {
  name: "node:sqlite" | "libsql";
  /** `readOnly`: the file must exist, and is neither written nor checkpointed, not even at close. */
  open(file: string, options?: { readOnly?: boolean }): SqliteConnection;
  /** Copies all commits until this moment from one file to another, outside of the main thread. */
  copy(from: string, to: string): Promise<void>;
}

export interface SqliteConnection extends SqliteDatabase {
  exec(text: string): void;
  prepare(text: string): SqliteStatement;
}

/** An error that SQLite itself reports. */
export class SqliteError extends Error {
  override readonly name = "SqliteError";
  /** SQLite's primary result code, such as SQLITE_BUSY: https://sqlite.org/rescode.html */
  readonly code: string;

  /** `resultCode` may be an extended one. */
  constructor(message: string, resultCode: number) {
    super(message);
    this.code = `SQLITE_${PRIMARY_CODES[resultCode & 0xff] ?? "ERROR"}`;
  }
}

/** SQLite's primary result codes, in the order of their numbers from 0. */
const PRIMARY_CODES = (
  "OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL " +
  "EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB"
).split(" ");

/**
 * Older versions of SQLite can lose commits when two connections write or checkpoint.
 * Source: https://sqlite.org/wal.html#walresetbug
 */
const SAFE_SINCE = [3, 51, 3];

/** node:sqlite where Node has it with a safe SQLite, otherwise libsql. Tests and benchmarks name the driver. */
export async function sqliteDriver(name?: SqliteDriver["name"]): Promise<SqliteDriver> {
  if (name === "libsql") return libsql();
  const own = nodeSqlite();
  if (own !== null && isSafe(versionOf(own))) return own;
  if (name === undefined) return libsql();
  throw new Error(`Node ${process.version} has no node:sqlite with SQLite ${SAFE_SINCE.join(".")} or newer`);
}

function versionOf(driver: SqliteDriver): number[] {
  const connection = driver.open(":memory:");
  try {
    const [row] = connection.prepare("select sqlite_version() as version").all([]) as Array<{ version: string }>;
    return (row?.version ?? "").split(".").map(Number);
  } finally {
    connection.close();
  }
}

function isSafe(version: number[]): boolean {
  const at = SAFE_SINCE.findIndex((part, index) => part !== version[index]);
  return at === -1 || (version[at] ?? 0) > (SAFE_SINCE[at] ?? 0);
}

/** SQLite 3.45.1 from the package libsql, which is loaded only when this driver is used. */
async function libsql(): Promise<SqliteDriver> {
  const { default: Database } = await import("libsql");
  return {
    name: "libsql",
    open: (file, { readOnly = false } = {}) =>
      connectionTo(
        named(() => new Database(readOnly ? readOnlyUri(file) : file)),
        (statement: Database.Statement) => statement,
      ),
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

/** A URI opens the file read-only, because the option `readonly` of libsql does nothing. */
function readOnlyUri(file: string): string {
  return `${pathToFileURL(file).href}?mode=ro`;
}

/** The part of node:sqlite that is used here. The types of Node 20 do not have node:sqlite. */
interface NodeSqlite {
  DatabaseSync: new (file: string, options?: { readOnly?: boolean }) => Opened<StatementSync>;
  backup(source: Opened<StatementSync>, file: string, options: { rate: number }): Promise<number>;
}

interface StatementSync {
  columns(): unknown[];
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number };
  iterate(...parameters: unknown[]): IterableIterator<unknown>;
  setReadBigInts(enabled: boolean): void;
}

/** More pages than any file has. */
const ALL_PAGES = 2 ** 31 - 1;

/** Null where this version of Node has no node:sqlite. */
function nodeSqlite(): SqliteDriver | null {
  const sqlite = withoutExperimentalWarning(() => process.getBuiltinModule("node:sqlite")) as NodeSqlite | undefined;
  if (sqlite === undefined) return null;
  const open = (file: string, readOnly: boolean) => named(() => new sqlite.DatabaseSync(file, { readOnly }));
  return {
    name: "node:sqlite",
    open: (file, { readOnly = false } = {}) => connectionTo(open(file, readOnly), nodeStatement),
    async copy(from, to) {
      const source = open(from, true);
      try {
        // Copies in one step, because a commit between two steps would start the copy again.
        await sqlite.backup(source, to, { rate: ALL_PAGES });
      } catch (error) {
        throw naming(error);
      } finally {
        source.close();
      }
    },
  };
}

function nodeStatement(statement: StatementSync, text: string): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    run: (parameters) => statement.run(...parameters),
    iterate: (parameters) => statement.iterate(...parameters),
    all(parameters) {
      try {
        return statement.all(...parameters);
      } catch (error) {
        // After an integer beyond 2^53, a select runs again with bigints. A statement that writes must not run twice.
        if ((error as { code?: string }).code !== "ERR_OUT_OF_RANGE" || !/^select/i.test(text)) throw error;
        statement.setReadBigInts(true);
        try {
          return statement.all(...parameters).map((row) => withoutBigInts(row as object));
        } finally {
          statement.setReadBigInts(false);
        }
      }
    },
  };
}

function withoutBigInts(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
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

/** A database that a package has opened. */
interface Opened<Statement> {
  exec(text: string): unknown;
  prepare(text: string): Statement;
  close(): unknown;
}

/** `close()` of libsql closes the file, and ends an open transaction, only at a garbage collection. */
function connectionTo<Statement>(
  database: Opened<Statement>,
  statementOf: (statement: Statement, text: string) => SqliteStatement,
): SqliteConnection {
  return {
    exec: (text) => named(() => void database.exec(text)),
    prepare(text) {
      const statement = named(() => statementOf(database.prepare(text), text));
      return {
        reader: statement.reader,
        all: (parameters) => named(() => statement.all(parameters)),
        run: (parameters) => named(() => statement.run(parameters)),
        iterate: (parameters) => named(() => statement.iterate(parameters)),
      };
    },
    close: () => void database.close(),
  };
}

function named<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (error) {
    throw naming(error);
  }
}

/** An error of libsql has the code in `rawCode`, an error of node:sqlite in `errcode`. */
function naming(error: unknown): unknown {
  const { rawCode, errcode, message } = error as { rawCode?: number; errcode?: number; message: string };
  const code = rawCode ?? errcode;
  if (code !== undefined) return new SqliteError(message, code);
  // ConnectionFailed("Unable to open connection to local database /data/bridge.db: 14")
  const [, connection] = /^ConnectionFailed\(.*: (\d+)"\)$/.exec(message) ?? [];
  return connection === undefined ? error : new SqliteError("unable to open database file", Number(connection));
}
