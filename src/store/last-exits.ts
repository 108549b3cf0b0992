import type { Kysely } from "kysely";
import type { Absences } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** When people were last seen, by the exits that they made. */
export function lastExits({ db }: { db: Kysely<Tables> }): Pick<Absences, "findLastExits" | "listAbsent"> {
  return {
    async findLastExits({ workflow, distinctIds }) {
      if (distinctIds.length === 0) return new Map();
      const rows = await db
        .selectFrom("exits")
        .select((row) => ["distinct_id", row.fn.max("occurred_at").as("last_at")])
        .where("distinct_id", "in", distinctIds)
        .where("workflow", "=", workflow)
        .groupBy("distinct_id")
        .execute();
      return new Map(rows.map((row) => [row.distinct_id, row.last_at]));
    },

    async listAbsent({ workflow, from, until, after, limit }) {
      // Limits the exits that are read, not the people that are found: nearly all may have come back.
      const rows = await db
        .selectFrom("exits")
        .select(["distinct_id", "event_uuid", "occurred_at"])
        .select(({ exists, selectFrom }) =>
          exists(
            selectFrom("exits as later")
              .select("later.event_uuid")
              .whereRef("later.distinct_id", "=", "exits.distinct_id")
              .whereRef("later.workflow", "=", "exits.workflow")
              .whereRef("later.occurred_at", ">", "exits.occurred_at"),
          ).as("came_back"),
        )
        .where("workflow", "=", workflow)
        .where("occurred_at", ">=", after?.occurredAt ?? from)
        .where("occurred_at", "<", until)
        .$if(after !== null, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(
              refTuple("occurred_at", "distinct_id", "event_uuid"),
              ">",
              tuple(after?.occurredAt ?? "", after?.distinctId ?? "", after?.eventUuid ?? ""),
            ),
          ),
        )
        .orderBy("occurred_at")
        .orderBy("distinct_id")
        .orderBy("event_uuid")
        .limit(limit)
        .execute();
      const last = rows.at(-1);
      const people = rows.flatMap((row) =>
        row.came_back ? [] : [{ distinctId: row.distinct_id, lastSeenAt: row.occurred_at }],
      );
      return {
        people,
        next:
          last === undefined || rows.length < limit
            ? null
            : { occurredAt: last.occurred_at, distinctId: last.distinct_id, eventUuid: last.event_uuid },
      };
    },
  };
}
