import { Kysely, type RawBuilder, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from "kysely";
import { createKyselyStore } from "./kysely-store.ts";
import { slotsInMemory } from "./limits.ts";
import { assertMigrated, migrate } from "./migrate.ts";
import { sharedTransactions } from "./shared-transactions.ts";
import { type SqliteConnection, type SqliteDriver, SqliteError, sqliteDriver } from "./sqlite-driver.ts";
import { assertStoreIn, backupSqlite, fileIn, lockDataFolder, makeDataFolder } from "./sqlite-files.ts";
import { onlyReads, type ReadStore, type Store } from "./store.ts";
import { IS_LEASED, type Tables } from "./tables.ts";

const MOST_PREPARED = 200;
/** The tables with many or large rows. They are written only in transactions, as `oneByOne` needs. */
const LARGE = new Set<keyof Tables>(["decisions", "events", "jobs", "runs"]);
/**
 * With SQLite's own 2 MB, each event of a store with a million events reads pages of its indexes again. The memory is
 * used only as pages are read.
 */
const CACHED_KB = 32 * 1024;
const TO_WRITE = [
  "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000; pragma secure_delete = on",
  `pragma cache_size = -${CACHED_KB}`,
].join("; ");
const TO_READ = "pragma busy_timeout = 2000";

interface Options {
  dataDir: string;
  now: () => number;
  /** Set by tests and benchmarks; otherwise the version of Node decides. */
  driver?: SqliteDriver | undefined;
}

/** The embedded engine: one file in `dataDir`, one process at a time; each promise waits for the disk. */
export async function openSqliteStore({ dataDir, now, driver }: Options): Promise<Store> {
  const opened = driver ?? (await sqliteDriver());
  makeDataFolder(dataDir);
  const unlock = lockDataFolder(opened, dataDir);
  return open({
    dataDir,
    now,
    driver: opened,
    prepare: async (db) => {
      await migrate(db, "sqlite");
      // Only one process at a time has the store, so the process that took these leases has ended.
      await db.updateTable("jobs").set({ leased_until: 0 }).where(IS_LEASED).execute();
    },
    unlock,
  });
}

/** Opens the same file for a command that only reads, also while the app runs. The file does not change. */
export async function openSqliteStoreToRead({ dataDir, now, driver }: Options): Promise<ReadStore> {
  assertStoreIn(dataDir);
  return onlyReads(
    await open({
      dataDir,
      now,
      driver: driver ?? (await sqliteDriver()),
      readOnly: true,
      prepare: (db) => assertMigrated(db, "sqlite"),
      unlock: () => {},
    }),
  );
}

/** Copies the store to a new file while the app is stopped. Migrates nothing. */
export async function backupSqliteStore({
  dataDir,
  file,
  driver,
}: Omit<Options, "now"> & { file: string }): Promise<void> {
  assertStoreIn(dataDir);
  const opened = driver ?? (await sqliteDriver());
  const unlock = lockDataFolder(opened, dataDir);
  try {
    await backupSqlite(opened, { from: fileIn(dataDir), to: file });
  } finally {
    unlock();
  }
}

async function open({
  dataDir,
  now,
  driver,
  readOnly = false,
  prepare,
  unlock,
}: Options & {
  driver: SqliteDriver;
  readOnly?: boolean;
  prepare(db: Kysely<Tables>): Promise<void>;
  unlock(): void;
}): Promise<Store> {
  const file = fileIn(dataDir);
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: async () => {
        const connection = driver.open(file, { readOnly });
        connection.exec(readOnly ? TO_READ : TO_WRITE);
        return cachingStatements(connection);
      },
    }),
  });
  const close = async () => {
    await db.destroy();
    unlock();
  };

  try {
    await prepare(db);
  } catch (error) {
    await close();
    throw new Error(`the store "${file}" cannot be opened`, { cause: error });
  }
  const { ofEvents, ofOthers } = sharedTransactions(db);
  const store = createKyselyStore({
    db,
    now,
    isAboutAnItem,
    skipLocked: false,
    fromRows: (table, rows, columns) => (LARGE.has(table) ? oneByOne : outOfJson)(rows, columns),
    async writeTogether(inserts) {
      await ofEvents(async (trx) => {
        for (const insert of inserts) await trx.executeQuery(insert);
      });
    },
    share: ofOthers,
    shareOne: ofOthers,
    groupsAtOnce: 1,
    reserveSlots: slotsInMemory(),
    takeSweep: async () => true,
    // There is one connection, and so one transaction at a time.
    lock: async () => {},
    announce: () => {},
    // No other process writes.
    watch: () => async () => {},
    backup: (to) => backupSqlite(driver, { from: file, to }),
    close,
  });
  return {
    ...store,
    people: {
      ...store.people,
      async delete(distinctId) {
        const deleted = await store.people.delete(distinctId);
        // The write-ahead log still has the deleted rows.
        await sql`pragma wal_checkpoint(truncate)`.execute(db);
        return deleted;
      },
    },
  };
}

/** A connection that prepares each statement text only once. */
function cachingStatements(connection: SqliteConnection): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => connection.close(),
    prepare(text) {
      const known = prepared.get(text);
      if (known !== undefined) return known;
      // The texts can be many: a statement with a list has another text for each length of the list.
      if (prepared.size >= MOST_PREPARED) prepared.clear();
      const statement = acceptingRows(connection.prepare(text));
      prepared.set(text, statement);
      return statement;
    },
  };
}

/** The codes for a row that breaks a constraint or is too big. */
function isAboutAnItem(error: unknown): boolean {
  return error instanceof SqliteError && /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)$/.test(error.code);
}

/** The parameter of a statement that runs once for each of these rows. */
class EachRow {
  readonly rows: unknown[][];

  constructor(rows: unknown[][]) {
    this.rows = rows;
  }
}

/** For small rows: one JSON parameter with all rows is faster than to run the statement once for each row. */
function outOfJson(rows: object[], columns: string[]): RawBuilder<never> {
  const values = columns.map((column) => sql`value ->> ${sql.lit(column)}`);
  // Without a "where", SQLite takes the "on" of "on conflict" for the "on" of a join.
  return sql`select ${sql.join(values)} from json_each(${JSON.stringify(rows)}) where true`;
}

/**
 * For large rows: their bodies are JSON already, and to encode them again is slower than to run the statement once for
 * each row. Only within a transaction are all rows written or none.
 */
function oneByOne(rows: object[], columns: string[]): RawBuilder<never> {
  const each = new EachRow(
    rows.map((row) => columns.map((column) => (row as Record<string, unknown>)[column] ?? null)),
  );
  return sql`values (${each}${sql.raw(", ?".repeat(columns.length - 1))})`;
}

/** A statement that also accepts the rows of `oneByOne`. */
function acceptingRows(statement: SqliteStatement): SqliteStatement {
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
