import { readConfig } from "../config.ts";
import type { Env } from "../lib/command.ts";
import { createLog } from "../lib/log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";

/** Works on the store of the app that `env` configures, which may be running meanwhile. */
export async function besideTheApp<Result>(env: Env, work: (store: Store) => Promise<Result>): Promise<Result> {
  const log = createLog({ level: "silent" });
  const store = await openStore(readConfig(env), { now: Date.now, log, beside: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
