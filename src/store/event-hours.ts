import type { Parts } from "./engine.ts";
import type { Events } from "./events.ts";

/** The hours in which each event came. */
export function eventHours({ db }: Parts) {
  return {
    async saveHour(name, hour) {
      await db
        .insertInto("event_hours")
        .values({ name, hour })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async listHours(names, since) {
      const found = new Map<string, number[]>();
      if (names.length === 0) return found;
      const rows = await db
        .selectFrom("event_hours")
        .select(["name", "hour"])
        .where("name", "in", names)
        .where("hour", ">=", since)
        .orderBy("name")
        .orderBy("hour")
        .execute();
      for (const { name, hour } of rows) {
        const hours = found.get(name) ?? [];
        hours.push(Number(hour));
        found.set(name, hours);
      }
      return found;
    },
  } satisfies Partial<Events>;
}
