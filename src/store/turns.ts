import type { Kysely } from "kysely";
import { DAY_MS } from "../lib/durations.ts";
import type { Limits } from "./limits.ts";
import type { Tables } from "./tables.ts";

/** Twice the longest time between two turns. */
const MOST_AHEAD_MS = 2 * DAY_MS;

/** Turns are places in a line of their own, in which whoever takes one says when the next is. */
export function turns({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Limits, "takeLease" | "setNextRun"> {
  return {
    async takeLease(name, leaseMs) {
      const taken = await db
        .insertInto("lines")
        .values({ name: lineOf(name), next_at: now() + leaseMs })
        .onConflict((conflict) =>
          conflict
            .column("name")
            .doUpdateSet({ next_at: now() + leaseMs })
            // A turn further ahead was set by a clock that was wrong.
            .where(({ eb, or }) =>
              or([eb("lines.next_at", "<=", now()), eb("lines.next_at", ">", now() + MOST_AHEAD_MS)]),
            ),
        )
        .returning("next_at")
        .executeTakeFirst();
      if (taken !== undefined) return null;
      const { next_at } = await db
        .selectFrom("lines")
        .select("next_at")
        .where("name", "=", lineOf(name))
        .executeTakeFirstOrThrow();
      return next_at;
    },

    async setNextRun(name, nextAt) {
      await db.updateTable("lines").set({ next_at: nextAt }).where("name", "=", lineOf(name)).execute();
    },
  };
}

function lineOf(name: string): string {
  return `turn:${name}`;
}
