import type { Kysely } from "kysely";
import type { Limits } from "./limits.ts";
import type { Tables } from "./tables.ts";

/** Studio sessions that were logged out before they expire; for all processes, and across restarts. */
export function sessions({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Limits, "endSession" | "hasEnded"> {
  return {
    async endSession(id, expiresAt) {
      await db.deleteFrom("ended_sessions").where("expires_at", "<=", now()).execute();
      await db
        .insertInto("ended_sessions")
        .values({ id, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async hasEnded(sessionId) {
      const row = await db.selectFrom("ended_sessions").select("id").where("id", "=", sessionId).executeTakeFirst();
      return row !== undefined;
    },
  };
}
