import type { Log } from "../lib/log.ts";
import { backupSqliteStore, openSqliteStore, openSqliteStoreBeside, openSqliteStoreToRead } from "./sqlite.ts";
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

/**
 * The store of this configuration, to work on. `beside` a running app it takes no lock, makes nothing
 * that is not there, and gives nobody's work free; a command that only reads uses `openStoreToRead`.
 */
export async function openStore(
  place: Place,
  {
    now,
    log,
    beside = false,
    sqliteDriver: driver,
  }: Parts & { beside?: boolean; sqliteDriver?: SqliteDriver | undefined },
): Promise<Store> {
  if (place.databaseUrl !== undefined) return openPostgres(place.databaseUrl, place, { now, log, beside });
  const options = { dataDir: place.dataDir, now, driver };
  return beside ? openSqliteStoreBeside(options) : openSqliteStore(options);
}

/** The store of this configuration for a command, whether the app runs or not: it makes, locks and writes nothing. */
export async function openStoreToRead(place: Place, parts: Parts): Promise<ReadStore> {
  return place.databaseUrl === undefined
    ? openSqliteStoreToRead({ dataDir: place.dataDir, now: parts.now })
    : onlyReads(await openPostgres(place.databaseUrl, place, { ...parts, beside: true }));
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
