import type { Kysely } from "kysely";
import { waitIn } from "../contracts/event-wait.ts";
import { endsRun, endsRunOfOther, type MatchKeys } from "../contracts/exit-match.ts";
import type { ExitRecord, RunRecord } from "../contracts/history.ts";
import { inOrder } from "./engine.ts";
import { exitKey } from "./event-rows.ts";
import { type ExitRow, exitIn, matchKeysOf } from "./match-keys.ts";
import { idsOfPersons } from "./merges.ts";
import { IS_OF_ANYONE, type Tables } from "./tables.ts";

interface EndedRun extends RunRecord {
  matchKeys: MatchKeys;
}

/**
 * The exits of the runs' persons, from their rows, and the newest exits of other persons that end one of the runs; each
 * with the runs that it ends, the earliest first.
 */
export async function exitRecords(
  db: Kysely<Tables>,
  { runs: records, rows, mostOfOthers }: { runs: RunRecord[]; rows: ExitRow[]; mostOfOthers: number },
): Promise<ExitRecord[]> {
  const matchKeys = await matchKeysOf(
    db,
    records.map(({ transactionId }) => transactionId),
  );
  const runs = records.map((run) => ({ ...run, matchKeys: matchKeys.get(run.transactionId) ?? {} }));
  const ids = [...runs.map(({ distinctId }) => distinctId), ...rows.map((row) => row.distinct_id)];
  const persons = await idsOfPersons(db, [...new Set(ids)]);
  return inOrder([...ownExits(rows, runs, persons), ...(await exitsOfOthers())], ({ occurredAt }) => occurredAt);

  async function exitsOfOthers(): Promise<ExitRecord[]> {
    const byKey = grouped(runs, (run) => Object.values(run.matchKeys));
    if (byKey.size === 0) return [];
    const found = await db
      .selectFrom("exits")
      .selectAll()
      .where("match_key", "in", [...byKey.keys()])
      .where(IS_OF_ANYONE)
      .orderBy("occurred_at", "desc")
      .limit(mostOfOthers)
      .execute();
    return found.flatMap((row): ExitRecord[] => {
      const isOfOther = ({ distinctId }: EndedRun) => !persons.get(distinctId)?.includes(row.distinct_id);
      const exit = exitIn(row);
      const ended = byKey.get(row.match_key)?.filter((run) => isOfOther(run) && endsRunOfOther(exit, run)) ?? [];
      return ended.length === 0 ? [] : [{ ...recordOf(row), distinctId: null, eventUuid: null, ends: idsOf(ended) }];
    });
  }
}

/** An exit with several matches has several rows, and one record. */
function ownExits(rows: ExitRow[], runs: EndedRun[], persons: Map<string, string[]>): ExitRecord[] {
  const keyOf = (distinctId: string, workflow: string) =>
    JSON.stringify([persons.get(distinctId)?.toSorted()[0], workflow]);
  const byPerson = grouped(runs, (run) => [keyOf(run.distinctId, run.workflow)]);
  const byExit = grouped(rows, (row) => [
    exitKey({ workflow: row.workflow, distinctId: row.distinct_id, eventUuid: row.event_uuid }),
  ]);
  return [...byExit.values()].flatMap(([row, ...others]) => {
    if (row === undefined) return [];
    const exit = { ...exitIn(row), matches: [row, ...others].flatMap((one) => exitIn(one).matches) };
    const theirs = byPerson.get(keyOf(row.distinct_id, waitIn(row.workflow).workflow)) ?? [];
    return [{ ...recordOf(row), ends: idsOf(theirs.filter((run) => endsRun(exit, run))) }];
  });
}

function recordOf(row: ExitRow) {
  return {
    ...waitIn(row.workflow),
    distinctId: row.distinct_id,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    occurredAt: row.occurred_at,
    arrival: row.arrival,
  };
}

function idsOf(runs: RunRecord[]): string[] {
  return runs.map(({ transactionId }) => transactionId);
}

function grouped<Item>(items: Item[], keysOf: (item: Item) => string[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items)
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  return groups;
}
