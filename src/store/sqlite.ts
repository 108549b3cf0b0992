import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import Database from "libsql";
import { LANES } from "../contracts/work.ts";
import type { Written } from "./insert-rows.ts";
import { createKyselyStore } from "./kysely-store.ts";
import { linesHere } from "./lines.ts";
import { assertMigrated, migrate } from "./migrations.ts";
import { oneByOne, outOfJson, takingRows } from "./sqlite-rows.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

const MOST_PREPARED = 200;
/** Rows of kilobytes; written in transactions. */
const LARGE = new Set<Written>(["events", "work"]);
const POLL_MS = 2_000;

/** The embedded engine: one file in `dataDir`, one process at a time; every answer waits for the disk. */
export async function openSqliteStore({ dataDir, now }: { dataDir: string; now: () => number }): Promise<Store> {
  mkdirSync(dataDir, { recursive: true });
  const unlock = lock(dataDir);
  return open({
    dataDir,
    now,
    prepare: async (db) => {
      await migrate(db, "sqlite");
      // Only one process works here, so whoever held these is gone.
      await db.updateTable("work").set({ leased_until: 0 }).where("leased_until", ">", 0).execute();
    },
    unlock,
  });
}

/** The same file beside the process that works on it: for a command that looks and leaves, and claims no work. */
export async function openSqliteStoreBeside({ dataDir, now }: { dataDir: string; now: () => number }): Promise<Store> {
  if (!existsSync(fileIn(dataDir)))
    throw new Error(`there is no store in "${dataDir}"; set DATA_DIR to the folder that the app keeps its data in`);
  return open({ dataDir, now, prepare: (db) => assertMigrated(db, "sqlite"), unlock: () => {} });
}

async function open({
  dataDir,
  now,
  prepare,
  unlock,
}: {
  dataDir: string;
  now: () => number;
  prepare(db: Kysely<Tables>): Promise<void>;
  unlock(): void;
}): Promise<Store> {
  const file = fileIn(dataDir);
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: async () => {
        const database = new Database(file);
        database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000");
        return remembering(database);
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
  return createKyselyStore({
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
    takePlaces: linesHere(),
    takeSweep: async () => true,
    // There is one connection, and so one transaction at a time.
    lock: async () => {},
    announce: () => {},
    // A command beside may have put work back, and has no other way to say so.
    watch(wake) {
      const timer = setInterval(() => {
        LANES.forEach(wake);
      }, POLL_MS);
      return async () => clearInterval(timer);
    },
    close,
  });
}

/** Prepares the same statement once. */
function remembering(database: Database.Database): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(text) {
      const known = prepared.get(text);
      if (known !== undefined) return known;
      // Statements with lists in them are endless.
      if (prepared.size >= MOST_PREPARED) prepared.clear();
      const statement = takingRows(database.prepare(text));
      prepared.set(text, statement);
      return statement;
    },
  };
}

function fileIn(dataDir: string): string {
  return join(dataDir, "bridge.db");
}

/** What SQLite says of a row that breaks a rule of its table, or is too big. */
function isAboutAnItem(error: unknown): boolean {
  return /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test((error as { code?: string }).code ?? "");
}

/**
 * Keeps a second process out for as long as this one lives. The lock is an open write transaction,
 * which the operating system ends with the process, even by kill -9, so it is never left behind;
 * the process id in it is only for the message.
 */
function lock(dataDir: string): () => void {
  const database = new Database(join(dataDir, "lock.db"));
  try {
    database.exec("begin immediate; create table if not exists holder (pid integer); delete from holder");
    database.prepare("insert into holder (pid) values (?)").run([process.pid]);
    database.exec("commit; begin immediate");
  } catch (error) {
    const holder = pidOf(database);
    database.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY")
      throw new Error(`the data folder "${dataDir}" cannot be written`, { cause: error });
    throw new Error(
      `the data folder "${dataDir}" is in use by ${holder}; stop that process or give this one another DATA_DIR`,
      { cause: error },
    );
  }
  return () => {
    // libsql's close() leaves the transaction, and so the lock, to the garbage collector.
    database.exec("rollback");
    database.close();
  };
}

function pidOf(database: Database.Database): string {
  try {
    const row = database.prepare("select pid from holder").get([]) as { pid?: number } | undefined;
    return row?.pid === undefined ? "another process" : `process ${row.pid}`;
  } catch {
    return "another process";
  }
}
