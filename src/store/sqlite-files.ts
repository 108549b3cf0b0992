import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type SqliteConnection, type SqliteDriver, SqliteError } from "./sqlite-driver.ts";

/** Another process, most likely the app, has locked the data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = "DataFolderInUseError";
}

/** The database file in a data folder. */
export function fileIn(dataDir: string): string {
  return join(dataDir, "bridge.db");
}

export function assertStoreIn(dataDir: string): void {
  if (existsSync(fileIn(dataDir))) return;
  if (existsSync(dataDir)) assertAccess(dataDir, "read");
  throw new Error(`there is no store in "${dataDir}"; set DATA_DIR to the folder that the app keeps its data in`);
}

export function makeDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (cause) {
    const folder = resolve(dataDir);
    throw new Error(
      `the data folder "${folder}" cannot be made by ${user()}; make it and give it to this user, or set DATA_DIR to another folder`,
      { cause },
    );
  }
  assertAccess(dataDir, "written");
}

function assertAccess(dataDir: string, way: "read" | "written"): void {
  try {
    accessSync(dataDir, constants.X_OK | (way === "read" ? constants.R_OK : constants.W_OK));
  } catch (error) {
    throw refused(dataDir, way, error);
  }
}

/**
 * Locks the folder until this process ends. The lock is an open write transaction, which the operating system
 * ends with the process, also after kill -9. The process id in `lock.db` is only for the error message.
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
    if (holder === null) throw refused(dataDir, "written", error);
    throw new DataFolderInUseError(
      `the data folder "${dataDir}" is in use by ${holder}; stop that process or give this one another DATA_DIR`,
      { cause: error },
    );
  }
  const held = database;
  return () => {
    // The rollback ends the lock. close() of libsql alone would end it only at a garbage collection.
    held.exec("rollback");
    held.close();
  };
}

function refused(dataDir: string, way: "read" | "written", cause: unknown): Error {
  return new Error(
    `the data folder "${resolve(dataDir)}" cannot be ${way} by ${user()}; give it to this user, or set DATA_DIR to another folder`,
    { cause },
  );
}

function user(): string {
  try {
    return `the user "${userInfo().username}"`;
  } catch {
    // A container may run as a number without a name.
    return "this user";
  }
}

function holderIn(database: SqliteConnection): string {
  try {
    const [row] = database.prepare("select pid from holder").all([]) as Array<{ pid: number }>;
    return row === undefined ? "another process" : `process ${row.pid}`;
  } catch {
    return "another process";
  }
}

/** Copies a database to a new file, which appears when it is complete and on disk. */
export async function backupSqlite(driver: SqliteDriver, { from, to }: { from: string; to: string }): Promise<void> {
  // The path is absolute, because SQLite reads a name that begins with "file:" as a URI.
  const part = resolve(`${to}.part`);
  if (existsSync(to)) throw new Error(`the file "${to}" exists already; name a new file`);
  await claim(part);
  try {
    await driver.copy(from, part);
    await sync(part, "r+");
    await rename(part, to);
    // Windows cannot open a folder.
    await sync(dirname(part), "r").catch(() => {});
  } catch (error) {
    await rm(part, { force: true });
    throw new Error(`the store cannot be copied to "${to}"`, { cause: error });
  }
}

/** Creates the file, or throws when it exists: two backups would mix their data in it. */
async function claim(part: string): Promise<void> {
  try {
    const file = await open(part, "wx", 0o600);
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new Error(`the file "${part}" cannot be created`, { cause: error });
    throw new Error(`the file "${part}" exists; if no other backup is writing it, a backup has failed: delete it`, {
      cause: error,
    });
  }
}

async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
