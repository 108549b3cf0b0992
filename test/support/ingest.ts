import type { LifecycleEvent } from "../../src/contracts/event.ts";
import { createLog } from "../../src/lib/log.ts";
import { createIngest, type IgnoredEvent, type Ingest } from "../../src/sources/ingest.ts";
import { exit } from "./facts.ts";

/** The real ingestion of events that all have an effect, with `insert` and `saveIgnored` in place of the store. */
export function ingestTo({
  insert,
  saveIgnored,
}: {
  insert(event: LifecycleEvent): Promise<"accepted" | "duplicate">;
  saveIgnored(ignored: IgnoredEvent): Promise<void>;
}): Ingest {
  return createIngest({
    route: () => ({ starts: [], exits: [exit()], problems: [] }),
    insert,
    saveIgnored,
    receivedAt: () => new Date().toISOString(),
    forgetPerson: () => {},
    onArrival: async () => {},
    count: () => {},
    log: createLog({ level: "silent" }),
  });
}
