import type { Log } from "../lib/log.ts";
import { backupSqliteStore, openSqliteStore, openSqliteStoreToRead } from "./sqlite.ts";
import type { SqliteDriver } from "./sqlite-connection.ts";
import { onlyReads, type ReadStore, type Store } from "./store.ts";

/** Where a store is. */
interface Place {
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
  place: Place,
  { now, log, sqliteDriver: driver }: Parts & { sqliteDriver?: SqliteDriver | undefined },
): Promise<Store> {
  if (place.databaseUrl !== undefined) return openPostgres(place.databaseUrl, place, { now, log, beside: false });
  return openSqliteStore({ dataDir: place.dataDir, now, driver });
}

/** The store of this configuration for a command, whether the app runs or not: it makes, locks and writes nothing. */
export async function openStoreToRead(place: Place, parts: Parts): Promise<ReadStore> {
  return place.databaseUrl === undefined
    ? openSqliteStoreToRead({ dataDir: place.dataDir, now: parts.now })
    : onlyReads(await openStoreToChange({ ...place, databaseUrl: place.databaseUrl }, parts));
}

/** A PostgreSQL store for a command that writes beside the app, which no other process may do with SQLite. */
export function openStoreToChange(place: Place & { databaseUrl: string }, parts: Parts): Promise<Store> {
  return openPostgres(place.databaseUrl, place, { ...parts, beside: true });
}

/**
 * Copies the store of an app that does not run to a new file. Throws a DataFolderInUseError when it runs:
 * then `backup` of the app's own store is the way.
 */
export async function backupStore({ databaseUrl, dataDir }: Place, file: string): Promise<void> {
  if (databaseUrl === undefined) return backupSqliteStore({ dataDir, file });
  const { refuseBackup } = await import("./postgres.ts");
  return refuseBackup();
}

async function openPostgres(
  url: string,
  { databaseDirectUrl }: Place,
  parts: Parts & { beside: boolean },
): Promise<Store> {
  // Only where it is used: pg is 14 MB of memory.
  const { openPostgresStore } = await import("./postgres.ts");
  return openPostgresStore({ url, directUrl: databaseDirectUrl, ...parts });
}
