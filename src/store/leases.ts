import type { Kysely } from "kysely";
import { DAY_MS } from "../lib/durations.ts";
import type { Limits } from "./limits.ts";
import type { Tables } from "./tables.ts";

/** Twice the longest time between two runs. A lease further ahead was set by a wrong clock. */
const MOST_AHEAD_MS = 2 * DAY_MS;

/** Periodic tasks that one process at a time runs. */
export function leases({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Limits, "takeLease" | "setNextRun"> {
  return {
    async takeLease(name, leaseMs) {
      const leased = await db
        .insertInto("leases")
        .values({ name, next_at: now() + leaseMs })
        .onConflict((conflict) =>
          conflict
            .column("name")
            .doUpdateSet({ next_at: now() + leaseMs })
            .where(({ eb, or }) =>
              or([eb("leases.next_at", "<=", now()), eb("leases.next_at", ">", now() + MOST_AHEAD_MS)]),
            ),
        )
        .returning("next_at")
        .executeTakeFirst();
      if (leased !== undefined) return null;
      const { next_at } = await db
        .selectFrom("leases")
        .select("next_at")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      return next_at;
    },

    async setNextRun(name, nextAt) {
      await db.updateTable("leases").set({ next_at: nextAt }).where("name", "=", name).execute();
    },
  };
}
