import type { Kysely } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Turns are places in a line of their own, in which whoever takes one says when the next is. */
export function turns({ db, now }: { db: Kysely<Tables>; now: () => number }): Pick<Store, "takeTurn" | "setTurn"> {
  return {
    async takeTurn(name, leaseMs) {
      const taken = await db
        .insertInto("lines")
        .values({ name: lineOf(name), next_at: now() + leaseMs })
        .onConflict((conflict) =>
          conflict
            .column("name")
            .doUpdateSet({ next_at: now() + leaseMs })
            .where("lines.next_at", "<=", now()),
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

    async setTurn(name, nextAt) {
      await db.updateTable("lines").set({ next_at: nextAt }).where("name", "=", lineOf(name)).execute();
    },
  };
}

function lineOf(name: string): string {
  return `turn:${name}`;
}
