import { readConfig } from "../config.ts";
import { createLog } from "../lib/log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";

/** Works on the store of the app that this environment configures, which may be running meanwhile. */
export async function besideTheApp<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const log = createLog({ level: "silent" });
  const store = await openStore(readConfig(process.env), { now: Date.now, log, beside: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
