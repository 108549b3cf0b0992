import type { Kysely } from "kysely";
import type { Events } from "./events.ts";
import type { Tables } from "./tables.ts";

/** SQLite takes 32,766 values in one statement. */
const MOST_AT_ONCE = 10_000;

export function knownEvents({ db }: { db: Kysely<Tables> }): Events["findKnown"] {
  return async (uuids) => {
    const known: string[] = [];
    for (let at = 0; at < uuids.length; at += MOST_AT_ONCE)
      known.push(...(await ask(uuids.slice(at, at + MOST_AT_ONCE))));
    return [...new Set(known)];
  };

  async function ask(uuids: string[]): Promise<string[]> {
    const [accepted, ignored] = await Promise.all([
      db.selectFrom("events").select("uuid").where("uuid", "in", uuids).execute(),
      db.selectFrom("ignored_events").select("event_uuid as uuid").where("event_uuid", "in", uuids).execute(),
    ]);
    return [...accepted, ...ignored].flatMap(({ uuid }) => (uuid === null ? [] : [uuid]));
  }
}
