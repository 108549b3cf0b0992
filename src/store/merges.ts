import { type Kysely, sql } from "kysely";
import type { Merge, MergeRequest } from "../contracts/routing.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { type Engine, insertRows, type Parts, prepared, type Row } from "./engine.ts";
import { waitingJobs } from "./job-queue.ts";
import type { People } from "./people.ts";
import { NEXT_AT, type Tables } from "./tables.ts";

const ASKED_WITHIN_MS = MINUTE_MS;

export function merges({ db, now, fromRows }: Parts) {
  return {
    async isJoining(distinctId) {
      // Reads only jobs that are due soon, because the queue has very many refreshes that are due later.
      const waiting = (isTried: boolean) =>
        waitingJobs(db, "persons", isTried)
          .select("body")
          .where(NEXT_AT, "<=", now() + ASKED_WITHIN_MS)
          .where("kind", "=", "merge");
      const rows = await waiting(false).unionAll(waiting(true)).execute();
      const mergeRequests = rows.map(({ body }) => (JSON.parse(body) as { body: MergeRequest }).body);
      return mergeRequests.some(({ previousId, currentId }) => [previousId, currentId].includes(distinctId));
    },

    async merge(merge) {
      await insertMerges(db, fromRows, [aliasRow(merge)])?.execute();
    },

    async split(distinctId) {
      const { numDeletedRows } = await db
        .deleteFrom("aliases")
        .where(({ eb, or }) => or([eb("previous_id", "=", distinctId), eb("current_id", "=", distinctId)]))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  } satisfies Partial<People>;
}

export function aliasRow({ previousId, currentId, occurredAt }: Merge): Row<"aliases"> {
  return { previous_id: previousId, current_id: currentId, occurred_at: occurredAt };
}

/** Of several merges of one id, the earliest is valid: PostHog too moves no id away from an identified person. */
export function insertMerges(on: Kysely<Tables>, fromRows: Engine["fromRows"], rows: Row<"aliases">[]) {
  return insertRows(on, fromRows, "aliases", rows)?.onConflict((conflict) =>
    conflict
      .column("previous_id")
      .doUpdateSet((row) => ({
        current_id: row.ref("excluded.current_id"),
        occurred_at: row.ref("excluded.occurred_at"),
      }))
      .where((row) =>
        row(
          row.refTuple("excluded.occurred_at", "excluded.current_id"),
          "<",
          row.refTuple("aliases.occurred_at", "aliases.current_id"),
        ),
      ),
  );
}

const linkedIds = prepared<{ asked: string[] }, { root: string; id: string }>((on, value) => {
  const asked = value("asked") as string[];
  const roots = sql.join(
    asked.map((id) => sql`(${id})`),
    sql`, `,
  );
  const other = sql`case when aliases.previous_id = id then aliases.current_id else aliases.previous_id end`;
  const isLinked = sql`aliases.previous_id = id or aliases.current_id = id`;
  // UNION drops rows that it already has, so the recursion also ends for a circle of merges.
  const query = sql<{ root: string; id: string }>`
    with recursive asked (id) as (values ${roots}),
    same (root, id) as (
      select asked.id, ${other} from asked join aliases on ${isLinked}
      union select same.root, ${other} from same join aliases on ${isLinked})
    select root, id from same where root <> id order by root, id`;
  return { compile: () => query.compile(on) };
});

/**
 * All distinct ids of each of these persons, the given id included. Merges are applied at each read and change no other
 * row, so their time of arrival does not matter. The query reads only the index for an id without merges.
 */
export async function idsOfPersons(db: Kysely<Tables>, distinctIds: string[]): Promise<Map<string, string[]>> {
  const ids = new Map(distinctIds.map((id) => [id, [id]]));
  if (ids.size === 0) return ids;
  const { rows } = await linkedIds(db, { asked: [...ids.keys()] });
  for (const { root, id } of rows) ids.get(root)?.push(id);
  return ids;
}

/** All distinct ids of one person, in the same order for each of them. */
export async function idsOfPerson(db: Kysely<Tables>, distinctId: string): Promise<string[]> {
  const ids = await idsOfPersons(db, [distinctId]);
  return (ids.get(distinctId) ?? []).sort();
}
