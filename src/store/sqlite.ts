import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from "kysely";
import { assertStoreIn, fileIn, lockDataFolder, makeDataFolder } from "./data-folder.ts";
import type { Written } from "./insert-rows.ts";
import { createKyselyStore } from "./kysely-store.ts";
import { assertMigrated, migrate } from "./migrate.ts";
import { slotsInMemory } from "./rate-limiter-slots.ts";
import { backupSqlite } from "./sqlite-backup.ts";
import { type SqliteConnection, type SqliteDriver, SqliteError } from "./sqlite-connection.ts";
import { sqliteDriver } from "./sqlite-driver.ts";
import { acceptingRows, oneByOne, outOfJson } from "./sqlite-rows.ts";
import { onlyReads, type ReadStore, type Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

const MOST_PREPARED = 200;
/** Rows of kilobytes; written in transactions. */
const LARGE = new Set<Written>(["events", "jobs"]);
const TO_WRITE =
  "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000; pragma secure_delete = on";
const TO_READ = "pragma busy_timeout = 2000";

interface Options {
  dataDir: string;
  now: () => number;
  /** For tests and benchmarks; else by the version of Node. */
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
      // One process at a time, so the owner of these leases has ended.
      await db.updateTable("jobs").set({ leased_until: 0 }).where("leased_until", ">", 0).execute();
    },
    unlock,
  });
}

/** The same file for a command that only reads, whether the app runs or not. No byte of the file changes. */
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

/** Copies the store of an app that does not run to a new file. Nothing is migrated. */
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
}: {
  dataDir: string;
  now: () => number;
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
  const store = createKyselyStore({
    db,
    now,
    isAboutAnItem,
    skipLocked: false,
    fromRows: (table, rows, columns) => (LARGE.has(table) ? oneByOne : outOfJson)(rows, Object.keys(columns)),
    async writeTogether(inserts) {
      await inTransaction(db, async (trx) => {
        for (const insert of inserts) await trx.executeQuery(insert);
      });
    },
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
        // The write-ahead log still has the old pages.
        await sql`pragma wal_checkpoint(truncate)`.execute(db);
        return deleted;
      },
    },
  };
}

/** Prepares the same statement once. */
function cachingStatements(connection: SqliteConnection): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => connection.close(),
    prepare(text) {
      const known = prepared.get(text);
      if (known !== undefined) return known;
      // Each length of a list makes another statement.
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
