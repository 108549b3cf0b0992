import type { Kysely } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** A destination without a filter sends every page view; the newest of what caused nothing are enough to see why. */
const MOST_SET_ASIDE = 1_000;
const LONGEST_BODY_KEPT = 20_000;

/** The deliveries that caused nothing. */
export function setAsideList({ db }: { db: Kysely<Tables> }): Pick<Store, "setAside" | "listSetAside"> {
  return {
    async setAside({ receivedAt, reason, eventUuid, eventName, body }) {
      const { id } = await db
        .insertInto("set_aside")
        .values({
          received_at: receivedAt,
          reason,
          event_uuid: eventUuid,
          event_name: eventName,
          // PostgreSQL keeps no NUL in text.
          body: body.slice(0, LONGEST_BODY_KEPT).replaceAll("\0", "\uFFFD"),
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await db
        .deleteFrom("set_aside")
        .where("id", "<=", id - MOST_SET_ASIDE)
        .execute();
    },

    async listSetAside(limit) {
      const rows = await db.selectFrom("set_aside").selectAll().orderBy("id", "desc").limit(limit).execute();
      return rows.map((row) => ({
        receivedAt: row.received_at,
        reason: row.reason,
        eventUuid: row.event_uuid,
        eventName: row.event_name,
        body: row.body,
      }));
    },
  };
}
