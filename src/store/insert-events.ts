import type { Compilable, Kysely, OperationNodeSource, Transaction } from "kysely";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";
import type { Routing } from "../contracts/routing.ts";
import { batchCommit } from "../lib/batch-commit.ts";
import { createArrivalClock } from "../lib/clock.ts";
import { PermanentError } from "../lib/errors.ts";
import { type Acceptance, acceptanceOf, bytesOf } from "./event-rows.ts";
import type { Events, Inserted } from "./events.ts";
import { type FromRows, insertRows, type Row, type Written } from "./insert-rows.ts";
import { insertMerges } from "./merges.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** The limits of the batch commit. */
const TOGETHER = {
  mostWaiting: 5_000,
  // PostHog waits 3 s for an answer.
  mostWaitMs: 2_500,
  mostWaitingBytes: 256 * 1024 * 1024,
  mostInBatch: 200,
  mostBatchBytes: 8 * 1024 * 1024,
};

/** How an engine writes an event and its effects. */
export interface InsertParts {
  db: Kysely<Tables>;
  fromRows: FromRows;
  /** Runs all of them or none, in this order, as quickly as it can. */
  writeTogether(inserts: Array<Compilable & OperationNodeSource>): Promise<void>;
  /** Whether a failed write is the fault of the row. */
  isAboutAnItem(error: unknown): boolean;
}

/** Inserts that arrive during a transaction share the next one. */
export function insertEvents({
  now,
  groupsAtOnce,
  announce,
  ...parts
}: InsertParts & { now: () => number; groupsAtOnce: number; announce(queue: Queue): void }): Events["insert"] {
  const { isAboutAnItem } = parts;
  const commit = batchCommit<Acceptance, Inserted>({
    async commit(group) {
      const outcomes = await acceptAll(group, parts);
      const jobs = group.flatMap(({ starts, exits, others }) => [...starts, ...exits, ...others]);
      for (const queue of new Set(jobs.map(({ job }) => job.queue))) announce(queue);
      return outcomes;
    },
    bytesOf,
    isAboutAnItem,
    atOnce: groupsAtOnce,
    ...TOGETHER,
  });
  const nextArrival = createArrivalClock(now);

  return async (event: LifecycleEvent, routing: Routing) => {
    try {
      return await commit(acceptanceOf(event, routing, now(), nextArrival()));
    } catch (error) {
      // RangeError: nested deeper than JSON.stringify goes.
      if (!(error instanceof RangeError || isAboutAnItem(error))) throw error;
      throw new PermanentError("the event cannot be stored", { cause: error });
    }
  };
}

/**
 * Writes many events in a few statements. Of two equal ones the first is accepted, and the other is a duplicate; of
 * two that have only the uuid in common, the second is another event.
 */
async function acceptAll(
  acceptances: Acceptance[],
  { db, fromRows, writeTogether, isAboutAnItem }: InsertParts,
): Promise<Inserted[]> {
  const events = inOrder(
    acceptances.map(({ event }) => event),
    (event) => event.uuid,
  );

  try {
    return await acceptNew();
  } catch (error) {
    if (!isAboutAnItem(error)) throw error;
    return inTransaction(db, acceptUnknown);
  }

  /** The common case: all events are new. To check first would cost as much as to write. Fails when one is there already. */
  async function acceptNew(): Promise<"accepted"[]> {
    const job = acceptances.flatMap(({ starts, exits, others }) =>
      [...starts, ...exits, ...others].map((one) => one.job),
    );
    const { runs, exits, aliases, traits } = causedBy(acceptances);
    const inserts: Array<(Compilable & OperationNodeSource) | null | undefined> = [
      insertRows(db, fromRows, "events", events),
      insertRows(db, fromRows, "runs", runs),
      insertRows(db, fromRows, "exits", exits),
      insertMerges(db, fromRows, aliases),
      insertNewest(db, traits),
      insertRows(db, fromRows, "jobs", job)?.onConflict((conflict) => conflict.doNothing()),
    ];
    await writeTogether(inserts.flatMap((one) => one ?? []));
    return acceptances.map(() => "accepted");
  }

  async function acceptUnknown(trx: Transaction<Tables>): Promise<Inserted[]> {
    const addedEvents = await insertNew(trx, "events", events)?.returning("uuid").execute();
    const newEvents = new Set(addedEvents?.map(({ uuid }) => uuid));
    const isAnother = await othersAmong(trx, acceptances);
    const rest = acceptances.filter((acceptance) => !isAnother(acceptance));
    const { runs, exits, traits } = causedBy(rest);
    // A repeat of an event does not bring back a merge that was undone.
    const { aliases } = causedBy(rest.filter(({ event }) => newEvents.has(event.uuid)));
    const addedRuns = await insertNew(trx, "runs", runs)?.returning("transaction_id").execute();
    const addedExits = await insertNew(trx, "exits", exits)
      ?.returning(["workflow", "distinct_id", "event_uuid"])
      .execute();
    await insertMerges(trx, fromRows, aliases)?.execute();
    await insertNewest(trx, traits)?.execute();
    const newRuns = new Set(addedRuns?.map(({ transaction_id }) => transaction_id));
    const newExits = new Set(addedExits?.map(keyOf));

    const job: Row<"jobs">[] = [];
    const outcomes = acceptances.map((acceptance) => {
      if (isAnother(acceptance)) return "another event";
      const isNewEvent = newEvents.delete(acceptance.event.uuid);
      const caused = [
        ...acceptance.starts.filter(({ run }) => newRuns.delete(run.transaction_id)),
        ...acceptance.exits.filter(({ exit }) => newExits.delete(keyOf(exit))),
        ...(isNewEvent ? acceptance.others : []),
      ];
      job.push(...caused.map((one) => one.job));
      return isNewEvent || caused.length > 0 ? "accepted" : "duplicate";
    });
    await insertNew(trx, "jobs", job)?.execute();
    return outcomes;
  }

  function insertNew<Table extends Written>(on: Kysely<Tables>, table: Table, rows: Row<Table>[]) {
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
async function othersAmong(
  trx: Transaction<Tables>,
  acceptances: Acceptance[],
): Promise<(acceptance: Acceptance) => boolean> {
  const uuids = [...new Set(acceptances.map(({ event }) => event.uuid))];
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

/** One order everywhere, or two processes that write the same keys would block each other (deadlock). */
function causedBy(acceptances: Acceptance[]) {
  return {
    runs: inOrder(
      acceptances.flatMap(({ starts }) => starts.map(({ run }) => run)),
      (run) => run.transaction_id,
    ),
    exits: inOrder(
      acceptances.flatMap(({ exits }) => exits.map(({ exit }) => exit)),
      keyOf,
    ),
    aliases: inOrder(firstOfEach(acceptances.flatMap((acceptance) => acceptance.aliases)), (row) => row.previous_id),
    traits: inOrder(newestOfEach(acceptances.flatMap((acceptance) => acceptance.traits)), traitKey),
  };
}

/** The newest value of each property, whenever it arrives. */
function newestOfEach(rows: Row<"traits">[]): Row<"traits">[] {
  const newest = new Map<string, Row<"traits">>();
  for (const row of rows) {
    const before = newest.get(traitKey(row));
    if (before === undefined || isTraitBefore(before, row)) newest.set(traitKey(row), row);
  }
  return [...newest.values()];
}

function isTraitBefore(one: Row<"traits">, other: Row<"traits">): boolean {
  return one.occurred_at === other.occurred_at ? one.value < other.value : one.occurred_at < other.occurred_at;
}

function traitKey({ distinct_id, name }: Row<"traits">): string {
  return JSON.stringify([distinct_id, name]);
}

/** One statement can write each id once. */
function firstOfEach(rows: Row<"aliases">[]): Row<"aliases">[] {
  const first = new Map<string, Row<"aliases">>();
  for (const row of rows) {
    const before = first.get(row.previous_id);
    if (before === undefined || isBefore(row, before)) first.set(row.previous_id, row);
  }
  return [...first.values()];
}

function isBefore(one: Row<"aliases">, other: Row<"aliases">): boolean {
  if (one.occurred_at !== other.occurred_at) return one.occurred_at < other.occurred_at;
  return one.current_id < other.current_id;
}

/** Stable: rows with one key keep their order. */
function inOrder<One>(rows: One[], keyOfRow: (row: One) => string): One[] {
  return rows
    .map((row) => ({ row, key: keyOfRow(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}

function keyOf({
  workflow,
  distinct_id,
  event_uuid,
}: Pick<Row<"exits">, "workflow" | "distinct_id" | "event_uuid">): string {
  return JSON.stringify([workflow, distinct_id, event_uuid]);
}
