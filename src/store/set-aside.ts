import type { Kysely } from "kysely";
import type { SetAside, Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { together } from "./together.ts";

/** A destination without a filter sends every page view; the newest of what caused nothing are enough to see why. */
const MOST_SET_ASIDE = 1_000;
const LONGEST_BODY_KEPT = 20_000;

/** The deliveries that caused nothing. */
export function setAsideList({ db }: { db: Kysely<Tables> }): Pick<Store, "setAside" | "listSetAside"> {
  return {
    setAside: together(async (deliveries: SetAside[]) => {
      const added = await db
        .insertInto("set_aside")
        .values(
          deliveries.map(({ source, receivedAt, reason, eventUuid, eventName, distinctId, body }) => ({
            source,
            received_at: receivedAt,
            reason,
            event_uuid: eventUuid,
            event_name: eventName,
            distinct_id: distinctId,
            // PostgreSQL keeps no NUL in text.
            body: body.slice(0, LONGEST_BODY_KEPT).replaceAll("\0", "\uFFFD"),
          })),
        )
        .returning("id")
        .execute();
      const newest = Math.max(...added.map(({ id }) => id));
      await db
        .deleteFrom("set_aside")
        .where("id", "<=", newest - MOST_SET_ASIDE)
        .execute();
      return deliveries.map(() => undefined);
    }),

    async listSetAside(limit) {
      const rows = await db.selectFrom("set_aside").selectAll().orderBy("id", "desc").limit(limit).execute();
      return rows.map((row) => ({
        source: row.source ?? "posthog",
        receivedAt: row.received_at,
        reason: row.reason,
        eventUuid: row.event_uuid,
        eventName: row.event_name,
        distinctId: row.distinct_id,
        body: row.body,
      }));
    },
  };
}
