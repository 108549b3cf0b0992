import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Kysely, SqliteDialect } from "kysely";
import Database from "libsql";
import { createKyselyStore } from "./kysely-store.ts";
import { migrate } from "./migrations.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** The embedded engine: one file in `dataDir`, one process at a time; every answer waits for the disk. */
export async function openSqliteStore({ dataDir, now }: { dataDir: string; now: () => number }): Promise<Store> {
  mkdirSync(dataDir, { recursive: true });
  const unlock = lock(dataDir);
  const file = join(dataDir, "bridge.db");
  let db: Kysely<Tables> | undefined;
  const close = async () => {
    await db?.destroy();
    unlock();
  };

  try {
    const database = new Database(file);
    db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000");
    await migrate(db, "sqlite");
    // Only one process works here, so whoever held these is gone.
    await db.updateTable("work").set({ leased_until: 0 }).where("leased_until", ">", 0).execute();
  } catch (error) {
    await close();
    throw new Error(`the store "${file}" cannot be opened`, { cause: error });
  }
  return createKyselyStore({
    db,
    now,
    isAboutAnItem,
    skipLocked: false,
    announce: async () => {},
    // Nobody else works here.
    watch: () => async () => {},
    close,
  });
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
