import type { Log } from "../lib/log.ts";
import { openSqliteStore, openSqliteStoreBeside } from "./sqlite.ts";
import type { Store } from "./store.ts";

/**
 * The store of this configuration. `beside` a running app, for a command: it takes no lock, makes
 * nothing that is not there, and gives nobody's work free.
 */
export async function openStore(
  {
    databaseUrl,
    databaseDirectUrl,
    dataDir,
  }: { databaseUrl?: string | undefined; databaseDirectUrl?: string | undefined; dataDir: string },
  { now, log, beside = false }: { now: () => number; log: Log; beside?: boolean },
): Promise<Store> {
  if (databaseUrl !== undefined) {
    // Only where it is used: pg is 14 MB of memory.
    const { openPostgresStore } = await import("./postgres.ts");
    return openPostgresStore({ url: databaseUrl, directUrl: databaseDirectUrl, now, log, beside });
  }
  return beside ? openSqliteStoreBeside({ dataDir, now }) : openSqliteStore({ dataDir, now });
}
