import type { Kysely } from "kysely";
import { readPerson } from "../contracts/person.ts";
import { idsOfPersons } from "./merges.ts";
import type { People } from "./people.ts";
import type { Tables } from "./tables.ts";

/** Properties of persons from sources without a record of persons. */
export function traits({ db }: { db: Kysely<Tables> }): Pick<People, "findTraits"> {
  return {
    async findTraits(distinctIds) {
      const persons = await idsOfPersons(db, distinctIds);
      const ids = [...new Set([...persons.values()].flat())];
      const rows =
        ids.length === 0 ? [] : await db.selectFrom("traits").selectAll().where("distinct_id", "in", ids).execute();
      rows.sort((a, b) =>
        a.occurred_at < b.occurred_at ? -1 : a.occurred_at > b.occurred_at ? 1 : a.value < b.value ? -1 : 1,
      );
      const found = [...persons].map(([distinctId, theirs]) => {
        const own = rows.filter((row) => theirs.includes(row.distinct_id));
        const newest = Object.fromEntries(own.map(({ name, value }) => [name, JSON.parse(value)]));
        const occurredAt = own.at(-1)?.occurred_at;
        return [distinctId, occurredAt && { ...readPerson(newest), occurredAt }] as const;
      });
      return new Map(found.flatMap(([distinctId, person]) => (person ? [[distinctId, person]] : [])));
    },
  };
}
