import { join } from "node:path";
import { createLog } from "../lib/log.ts";
import { openStoreToRead } from "../store/open-store.ts";
import type { ReadStore } from "../store/store.ts";
import { WORKING_TREE } from "./checkout.ts";
import type { OpenedHistory } from "./inputs/open-history.ts";
import type { Order } from "./order.ts";
import { type Context, drop, emptyResults, playWithProgress, shardsOf } from "./play-sides.ts";
import type { RehearsalSettings } from "./settings.ts";
import { verify } from "./verify/verify.ts";
import { verificationText } from "./verify/verify-text.ts";

/** Plays the history of the store, and compares the decisions with the recorded ones. Returns the exit code. */
export async function verifyStore(order: Order, history: OpenedHistory, context: Context): Promise<number> {
  const { root, product, settings, io } = context;
  const { from, until } = history;
  const results = await emptyResults(context);
  const files = await shardsOf(history, product);
  const played = await playWithProgress(
    { ref: WORKING_TREE, folder: root },
    { order, history, files, folder: join(results, "now") },
    context,
  ).finally(() => drop(files, history));
  const found = await withStores(settings.config, played.stores, (recorded, rehearsed) =>
    verify(recorded, rehearsed, { from, until, capMs: settings.app.cap.withinMs }),
  );
  io.print(order.format === "json" ? JSON.stringify(found) : verificationText(found, io.paint));
  return found.differences.some(({ why }) => why === null) ? 1 : 0;
}

async function withStores<Result>(
  config: RehearsalSettings["config"],
  dataDirs: string[],
  use: (recorded: ReadStore["runs"], rehearsed: Array<ReadStore["runs"]>) => Promise<Result>,
): Promise<Result> {
  const parts = { now: Date.now, log: createLog({ level: "silent" }) };
  const stores: ReadStore[] = [];
  try {
    stores.push(await openStoreToRead(config, parts));
    for (const dataDir of dataDirs) stores.push(await openStoreToRead({ dataDir }, parts));
    const [recorded, ...rehearsed] = stores.map(({ runs }) => runs);
    return await use(recorded as ReadStore["runs"], rehearsed);
  } finally {
    for (const store of stores) await store.close();
  }
}
