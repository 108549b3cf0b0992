import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type SqliteConnection, type SqliteDriver, SqliteError } from "./sqlite-connection.ts";

/** Another process, most likely the app, has the data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = "DataFolderInUseError";
}

/** The database file in a data folder. */
export function fileIn(dataDir: string): string {
  return join(dataDir, "bridge.db");
}

export function assertStoreIn(dataDir: string): void {
  if (existsSync(fileIn(dataDir))) return;
  throw new Error(`there is no store in "${dataDir}"; set DATA_DIR to the folder that the app keeps its data in`);
}

export function makeDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw cannotBeWritten(dataDir, error);
  }
}

/**
 * Locks the folder until this process ends. The lock is an open write transaction, which the operating system
 * ends with the process, also after kill -9. The process id in it is for the message only.
 */
export function lockDataFolder(driver: SqliteDriver, dataDir: string): () => void {
  let database: SqliteConnection | undefined;
  try {
    database = driver.open(join(dataDir, "lock.db"));
    database.exec("begin immediate; create table if not exists holder (pid integer); delete from holder");
    database.prepare("insert into holder (pid) values (?)").run([process.pid]);
    database.exec("commit; begin immediate");
  } catch (error) {
    const isBusy = error instanceof SqliteError && error.code === "SQLITE_BUSY";
    const holder = isBusy && database !== undefined ? holderIn(database) : null;
    database?.close();
    if (holder === null) throw cannotBeWritten(dataDir, error);
    throw new DataFolderInUseError(
      `the data folder "${dataDir}" is in use by ${holder}; stop that process or give this one another DATA_DIR`,
      { cause: error },
    );
  }
  const held = database;
  return () => {
    // Before close(): that of libsql ends the transaction, and so the lock, only at a garbage collection.
    held.exec("rollback");
    held.close();
  };
}

function cannotBeWritten(dataDir: string, cause: unknown): Error {
  return new Error(
    `the data folder "${dataDir}" cannot be written; let this user write it, or set DATA_DIR to another folder`,
    { cause },
  );
}

function holderIn(database: SqliteConnection): string {
  try {
    const [row] = database.prepare("select pid from holder").all([]) as Array<{ pid: number }>;
    return row === undefined ? "another process" : `process ${row.pid}`;
  } catch {
    return "another process";
  }
}
