import type { Log } from "../lib/log.ts";
import { backupSqliteStore, openSqliteStore, openSqliteStoreToRead } from "./sqlite.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";
import { onlyReads, type ReadStore, type Store } from "./store.ts";

interface Location {
  databaseUrl?: string | undefined;
  databaseDirectUrl?: string | undefined;
  dataDir: string;
}

interface Parts {
  now: () => number;
  log: Log;
}

/** The store of this configuration, for the app. */
export async function openStore(
  location: Location,
  { now, log, sqliteDriver: driver }: Parts & { sqliteDriver?: SqliteDriver | undefined },
): Promise<Store> {
  if (location.databaseUrl !== undefined)
    return openPostgres(location.databaseUrl, location, { now, log, beside: false });
  return openSqliteStore({ dataDir: location.dataDir, now, driver });
}

/** The store of this configuration for a command, also while the app runs. Creates, locks and writes nothing. */
export async function openStoreToRead(location: Location, parts: Parts): Promise<ReadStore> {
  return location.databaseUrl === undefined
    ? openSqliteStoreToRead({ dataDir: location.dataDir, now: parts.now })
    : onlyReads(await openStoreToChange({ ...location, databaseUrl: location.databaseUrl }, parts));
}

/** A PostgreSQL store for a command that writes while the app runs. With SQLite, only the app may write. */
export function openStoreToChange(location: Location & { databaseUrl: string }, parts: Parts): Promise<Store> {
  return openPostgres(location.databaseUrl, location, { ...parts, beside: true });
}

/**
 * Copies the store to a new file while the app is stopped. Throws a DataFolderInUseError while the app runs; then call
 * `backup` of the running app's store.
 */
export async function backupStore({ databaseUrl, dataDir }: Location, file: string): Promise<void> {
  if (databaseUrl === undefined) return backupSqliteStore({ dataDir, file });
  const { refuseBackup } = await import("./postgres.ts");
  return refuseBackup();
}

async function openPostgres(
  url: string,
  { databaseDirectUrl }: Location,
  parts: Parts & { beside: boolean },
): Promise<Store> {
  // Imported only where it is used: pg needs 14 MB of memory.
  const { openPostgresStore } = await import("./postgres.ts");
  return openPostgresStore({ url, directUrl: databaseDirectUrl, ...parts });
}
