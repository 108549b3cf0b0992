import { type Kysely, type RawBuilder, sql } from "kysely";
import { idsOfPerson } from "./merges.ts";
import type { People, PersonRecords } from "./people.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** The table of each kind of record of a person. A kind that is found by others comes before them. */
export const PERSON_TABLES = {
  jobs: "jobs",
  events: "events",
  runs: "runs",
  entries: "entries",
  exits: "exits",
  decisions: "decisions",
  sends: "sends",
  variants: "variants",
  reports: "reports",
  customValues: "custom_values",
  ignored: "ignored_events",
  profiles: "profiles",
  traits: "traits",
  optOuts: "opt_outs",
  bounces: "bounces",
  aliases: "aliases",
} as const satisfies Record<keyof PersonRecords, keyof Tables>;

/** The tables without a record of a person. */
export const IMPERSONAL_TABLES = ["shapes", "rate_limiters", "leases", "ended_sessions"] as const;

const KINDS = Object.keys(PERSON_TABLES) as Array<keyof PersonRecords>;

export function personRecords({ db }: { db: Kysely<Tables> }): Pick<People, "listRecords" | "delete"> {
  return {
    async listRecords(distinctId) {
      const ids = await idsOfPerson(db, distinctId);
      const records = {} as PersonRecords;
      for (const kind of KINDS)
        records[kind] = await db.selectFrom(PERSON_TABLES[kind]).selectAll().where(isOf(kind, ids)).execute();
      return records;
    },

    delete(distinctId) {
      return inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        const deleted = {} as Record<keyof PersonRecords, number>;
        for (const kind of KINDS) {
          const { numDeletedRows } = await trx
            .deleteFrom(PERSON_TABLES[kind])
            .where(isOf(kind, ids))
            .executeTakeFirstOrThrow();
          deleted[kind] = Number(numDeletedRows);
        }
        return deleted;
      });
    },
  };
}

/** Events are found by their runs and exits: an index on their person would cost every insert. */
function isOf(kind: keyof PersonRecords, distinctIds: string[]): RawBuilder<boolean> {
  const isTheirs = (column: string) => sql<boolean>`${sql.ref(column)} in (${sql.join(distinctIds)})`;
  if (kind === "events")
    return sql<boolean>`uuid in (
      select event_uuid from runs where ${isTheirs("distinct_id")}
      union select event_uuid from exits where ${isTheirs("distinct_id")}
      union select uuid from events where about is not null and ${isTheirs("about")})`;
  if (kind === "aliases") return sql<boolean>`(${isTheirs("previous_id")} or ${isTheirs("current_id")})`;
  return isTheirs("distinct_id");
}
