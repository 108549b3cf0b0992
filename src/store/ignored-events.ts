import type { Kysely } from "kysely";
import { ANONYMOUS } from "../contracts/event.ts";
import { HOUR_MS } from "../lib/durations.ts";
import type { Events, IgnoredEvent } from "./events.ts";
import type { Tables } from "./tables.ts";
import { together } from "./write-together.ts";

/** A destination without a filter sends every page view; the newest are enough to see the reason. */
const MOST_IGNORED = 1_000;
const LONGEST_BODY = 20_000;
/** An anonymous event may become a person's within this time, so it is not deleted before. */
const ANONYMOUS_FOR_MS = HOUR_MS;
const MOST_ANONYMOUS = 20_000;

export function ignoredEvents({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Events, "insertIgnored" | "listIgnoredOf" | "deleteIgnored"> {
  return {
    insertIgnored: together(async (events: IgnoredEvent[]) => {
      const added = await db
        .insertInto("ignored_events")
        .values(
          events.map(({ source, receivedAt, reason, eventUuid, eventName, distinctId, body }) => ({
            source,
            received_at: receivedAt,
            reason,
            event_uuid: eventUuid,
            event_name: eventName,
            distinct_id: distinctId,
            // PostgreSQL stores no NUL in text.
            body: body.slice(0, LONGEST_BODY).replaceAll("\0", "\uFFFD"),
          })),
        )
        .returning("id")
        .execute();
      const newest = Math.max(...added.map(({ id }) => id));
      await db
        .deleteFrom("ignored_events")
        .where("id", "<=", newest - MOST_IGNORED)
        .where((row) =>
          row.or([
            row("reason", "<>", ANONYMOUS),
            row("received_at", "<", new Date(now() - ANONYMOUS_FOR_MS).toISOString()),
            row("id", "<=", newest - MOST_ANONYMOUS),
          ]),
        )
        .execute();
      return events.map(() => undefined);
    }),

    async listIgnoredOf(distinctId, until) {
      const rows = await db
        .selectFrom("ignored_events")
        .select(["id", "source", "body"])
        .where("distinct_id", "=", distinctId)
        .where("reason", "=", ANONYMOUS)
        .where("received_at", ">=", new Date(until - ANONYMOUS_FOR_MS).toISOString())
        .orderBy("id")
        .execute();
      return rows.map(({ id, source, body }) => ({ id, source, body }));
    },

    async deleteIgnored(ids) {
      if (ids.length > 0) await db.deleteFrom("ignored_events").where("id", "in", ids).execute();
    },
  };
}
