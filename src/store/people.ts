import { type Kysely, sql } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Which distinct ids are one person's. */
export function merges({ db }: { db: Kysely<Tables> }): Pick<Store, "splitPerson"> {
  return {
    async splitPerson(distinctId) {
      const { numDeletedRows } = await db
        .deleteFrom("aliases")
        .where(({ eb, or }) => or([eb("former_id", "=", distinctId), eb("kept_id", "=", distinctId)]))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

/**
 * All distinct ids of the persons of these, each with itself. Merges are looked at whenever
 * something is read, and change no row, so that it does not matter when they arrive. One query,
 * which ends at the index for those who were never merged.
 */
export async function idsOfPersons(db: Kysely<Tables>, distinctIds: string[]): Promise<Map<string, string[]>> {
  const ids = new Map(distinctIds.map((id) => [id, [id]]));
  if (ids.size === 0) return ids;
  const roots = sql.join(
    [...ids.keys()].map((id) => sql`(${id})`),
    sql`, `,
  );
  const other = sql`case when aliases.former_id = id then aliases.kept_id else aliases.former_id end`;
  const isLinked = sql`aliases.former_id = id or aliases.kept_id = id`;
  // UNION drops what is known already, and so ends in circles as well.
  const { rows } = await sql<{ root: string; id: string }>`
    with recursive asked (id) as (values ${roots}),
    same (root, id) as (
      select asked.id, ${other} from asked join aliases on ${isLinked}
      union select same.root, ${other} from same join aliases on ${isLinked})
    select root, id from same where root <> id order by root, id`.execute(db);
  for (const { root, id } of rows) ids.get(root)?.push(id);
  return ids;
}

/** All distinct ids of one person, in the same order whichever of them is asked for. */
export async function idsOfPerson(db: Kysely<Tables>, distinctId: string): Promise<string[]> {
  const ids = await idsOfPersons(db, [distinctId]);
  return (ids.get(distinctId) ?? []).sort();
}
