import type { Kysely } from "kysely";
import { ANONYMOUS } from "../contracts/event.ts";
import { HOUR_MS } from "../lib/durations.ts";
import type { Events, IgnoredEvent } from "./events.ts";
import type { Tables } from "./tables.ts";
import { together } from "./write-together.ts";

/** A destination without a filter sends every page view; the newest of what caused nothing are enough to see why. */
const MOST_SET_ASIDE = 1_000;
const LONGEST_BODY_KEPT = 20_000;
/** Events of visitors may turn out to be a person's within so long, and so long those do not make room for others. */
const KEPT_FOR_MS = HOUR_MS;
const MOST_OF_VISITORS = 20_000;

/** The deliveries that caused nothing. */
export function ignoredEvents({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Events, "insertIgnored" | "listIgnoredOf" | "deleteIgnored"> {
  return {
    insertIgnored: together(async (deliveries: IgnoredEvent[]) => {
      const added = await db
        .insertInto("ignored_events")
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
        .deleteFrom("ignored_events")
        .where("id", "<=", newest - MOST_SET_ASIDE)
        .where((row) =>
          row.or([
            row("reason", "<>", ANONYMOUS),
            row("received_at", "<", new Date(now() - KEPT_FOR_MS).toISOString()),
            row("id", "<=", newest - MOST_OF_VISITORS),
          ]),
        )
        .execute();
      return deliveries.map(() => undefined);
    }),

    async listIgnoredOf(distinctId, until) {
      const rows = await db
        .selectFrom("ignored_events")
        .select(["id", "source", "body"])
        .where("distinct_id", "=", distinctId)
        .where("reason", "=", ANONYMOUS)
        .where("received_at", ">=", new Date(until - KEPT_FOR_MS).toISOString())
        .orderBy("id")
        .execute();
      return rows.map(({ id, source, body }) => ({ id, source, body }));
    },

    async deleteIgnored(ids) {
      if (ids.length > 0) await db.deleteFrom("ignored_events").where("id", "in", ids).execute();
    },
  };
}
