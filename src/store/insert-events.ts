import type { Kysely, Transaction } from "kysely";
import { batchCommit } from "../lib/batch-commit.ts";
import { createArrivalClock } from "../lib/clock.ts";
import { PermanentError } from "../lib/errors.ts";
import { insertRows, inTransaction, type Parts, type Row } from "./engine.ts";
import { type EventRows, eventKey, eventRows, exitKey, rowsOfAll, runKey } from "./event-rows.ts";
import type { Events, Inserted } from "./events.ts";
import { insertMerges } from "./merges.ts";
import type { Tables } from "./tables.ts";

/** The limits of the batch commit. */
const TOGETHER = {
  mostWaiting: 5_000,
  // PostHog waits 3 s for an answer.
  mostWaitMs: 2_500,
  mostWaitingBytes: 256 * 1024 * 1024,
  mostInBatch: 200,
  mostBatchBytes: 8 * 1024 * 1024,
};

/** Inserts that arrive during a transaction share the next one. */
export function insertEvents(parts: Parts): Events["insert"] {
  const { now, isAboutAnItem, groupsAtOnce, announce } = parts;
  const commit = batchCommit<EventRows, Inserted>({
    async commit(group) {
      const results = await insertAll(group, parts);
      for (const queue of new Set(group.flatMap(({ jobs }) => jobs.map(({ row }) => row.queue))))
        announce(queue, now());
      return results;
    },
    // An estimate.
    bytesOf: ({ event, jobs }) => jobs.reduce((sum, { row }) => sum + row.body.length, event.body.length),
    isAboutAnItem,
    atOnce: groupsAtOnce,
    ...TOGETHER,
  });
  const nextArrival = createArrivalClock(now);

  return async (event, routing) => {
    try {
      return await commit(eventRows(event, routing, now(), nextArrival()));
    } catch (error) {
      // JSON.stringify throws a RangeError for an event that is nested too deep.
      if (!(error instanceof RangeError || isAboutAnItem(error))) throw error;
      throw new PermanentError("the event cannot be stored", { cause: error });
    }
  };
}

/**
 * Writes many events in a few statements. Of two equal events, the first is `accepted` and the second is a `duplicate`.
 * Of two events with only the uuid in common, the second is `another event`.
 */
async function insertAll(
  group: EventRows[],
  { db, fromRows, writeTogether, isAboutAnItem }: Parts,
): Promise<Inserted[]> {
  try {
    return await insertNew();
  } catch (error) {
    if (!isAboutAnItem(error)) throw error;
    return inTransaction(db, insertUnknown);
  }

  /** The common case: all events are new. Fails when the store has one of them. A check first would cost as much. */
  async function insertNew(): Promise<"accepted"[]> {
    const { events, runs, matchKeys, exits, aliases, traits, jobs } = rowsOfAll(group);
    const inserts = [
      insertRows(db, fromRows, "events", events),
      insertRows(db, fromRows, "runs", runs),
      insertRows(db, fromRows, "match_keys", matchKeys),
      insertRows(db, fromRows, "exits", exits),
      insertMerges(db, fromRows, aliases),
      insertNewest(db, traits),
      insertMissing(db, "jobs", jobs),
    ];
    await writeTogether(inserts.flatMap((one) => one ?? []));
    return group.map(() => "accepted");
  }

  async function insertUnknown(trx: Transaction<Tables>): Promise<Inserted[]> {
    const newEvents = await insertMissing(trx, "events", rowsOfAll(group).events)?.returning("uuid").execute();
    const added = new Set(newEvents?.map(eventKey));
    const isAnother = await othersAmong(trx, group);
    const rest = group.filter((one) => !isAnother(one));
    const { runs, matchKeys, exits, traits } = rowsOfAll(rest);
    // A repeated event does not repeat its merge, because `split` may have deleted the merge.
    const { aliases } = rowsOfAll(rest.filter(({ event }) => added.has(eventKey(event))));
    const newRuns = await insertMissing(trx, "runs", runs)?.returning("transaction_id").execute();
    await insertMissing(trx, "match_keys", matchKeys)?.execute();
    const newExits = await insertMissing(trx, "exits", exits)
      ?.returning(["workflow", "distinct_id as distinctId", "event_uuid as eventUuid"])
      .execute();
    await insertMerges(trx, fromRows, aliases)?.execute();
    await insertNewest(trx, traits)?.execute();
    for (const key of [...(newRuns ?? []).map(runKey), ...(newExits ?? []).map(exitKey)]) added.add(key);

    const jobs: Row<"jobs">[] = [];
    const results = group.map((one) => {
      if (isAnother(one)) return "another event";
      const caused = one.jobs.filter(({ cause }) => added.has(cause));
      jobs.push(...caused.map(({ row }) => row));
      const isNew = caused.length > 0 || added.has(eventKey(one.event));
      // An equal event later in the group is a duplicate.
      for (const key of [eventKey(one.event), ...caused.map(({ cause }) => cause)]) added.delete(key);
      return isNew ? "accepted" : "duplicate";
    });
    await insertMissing(trx, "jobs", jobs)?.execute();
    return results;
  }

  function insertMissing<Table extends "events" | "runs" | "match_keys" | "exits" | "jobs">(
    on: Kysely<Tables>,
    table: Table,
    rows: Row<Table>[],
  ) {
    return insertRows(on, fromRows, table, rows)?.onConflict((conflict) => conflict.doNothing());
  }

  function insertNewest(on: Kysely<Tables>, rows: Row<"traits">[]) {
    return insertRows(on, fromRows, "traits", rows)?.onConflict((conflict) =>
      conflict
        .columns(["distinct_id", "name"])
        .doUpdateSet((row) => ({
          value: row.ref("excluded.value"),
          occurred_at: row.ref("excluded.occurred_at"),
          saved_at: row.ref("excluded.saved_at"),
        }))
        .where((row) =>
          row(
            row.refTuple("excluded.occurred_at", "excluded.value"),
            ">",
            row.refTuple("traits.occurred_at", "traits.value"),
          ),
        ),
    );
  }
}

/** A test for events whose uuid is stored with another name or distinct id. */
async function othersAmong(trx: Transaction<Tables>, group: EventRows[]): Promise<(one: EventRows) => boolean> {
  const uuids = [...new Set(group.map(({ event }) => event.uuid))];
  const rows = await trx
    .selectFrom("events")
    .select(["uuid", "name", "distinct_id"])
    .where("uuid", "in", uuids)
    .execute();
  const kept = new Map(rows.map((row) => [row.uuid, row]));
  return ({ event }) => {
    const there = kept.get(event.uuid);
    return there !== undefined && (there.name !== event.name || there.distinct_id !== event.distinct_id);
  };
}
