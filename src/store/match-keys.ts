import type { Kysely, Selectable } from "kysely";
import type { ExitMatch, MatchKeys } from "../contracts/exit-match.ts";
import type { Arrived } from "../contracts/run.ts";
import { prepared } from "./engine.ts";
import type { Tables } from "./tables.ts";

export type ExitRow = Selectable<Tables["exits"]>;

/** A match key of a run; null in the row of a run without one. */
export interface KeyRow {
  transaction_id: string;
  field: string | null;
  key: string | null;
}

const keysOf = prepared<{ transactionIds: string[] }, KeyRow>((on, value) =>
  on
    .selectFrom("match_keys")
    .select(["transaction_id", "field", "key"])
    .where("transaction_id", "in", value("transactionIds")),
);

/** The match keys of each of these runs; a run without one is absent. */
export async function matchKeysOf(on: Kysely<Tables>, transactionIds: string[]): Promise<Map<string, MatchKeys>> {
  return transactionIds.length === 0 ? new Map() : matchKeysIn((await keysOf(on, { transactionIds })).rows);
}

export function matchKeysIn(rows: KeyRow[]): Map<string, MatchKeys> {
  const byRun = new Map<string, MatchKeys>();
  for (const { transaction_id: id, field, key } of rows)
    if (field !== null && key !== null) byRun.set(id, { ...byRun.get(id), [field]: key });
  return byRun;
}

/** The time of an exit, and the match of this row. */
export function exitIn(row: ExitRow): Arrived & { matches: ExitMatch[] } {
  const of = row.of_anyone === 1 ? "anyone" : "person";
  return {
    occurredAt: row.occurred_at,
    arrival: row.arrival,
    matches: [{ field: row.match_field, key: row.match_key, of }],
  };
}
