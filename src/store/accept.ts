import type { Insertable, Transaction } from "kysely";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { Exit, Routing, Start } from "../contracts/notification.ts";
import { laneOf, type Work } from "../contracts/work.ts";
import type { Tables } from "./tables.ts";

type Row<Table extends keyof Tables> = Insertable<Tables[Table]>;

/** SQLite takes 32,766 values in one statement, PostgreSQL 65,535; a row has up to ten. */
const MOST_ROWS = 2_000;

/** An event and all that it causes, as the rows that it comes to. */
export interface Acceptance {
  event: Row<"events">;
  starts: Array<{ run: Row<"runs">; work: Row<"work"> }>;
  exits: Array<{ exit: Row<"exits">; work: Row<"work"> }>;
}

export function acceptanceOf(event: LifecycleEvent, { starts, exits }: Routing, now: number): Acceptance {
  const { personProperties: _, ...kept } = event;
  return {
    event: {
      uuid: event.uuid,
      name: event.name,
      distinct_id: event.distinctId,
      occurred_at: event.occurredAt,
      received_at: now,
      body: JSON.stringify(kept),
    },
    starts: starts.map((start) => ({ run: runRow(start), work: startWork(start, now) })),
    exits: exits.map((exit) => ({ exit: exitRow(exit), work: exitWork(exit, now) })),
  };
}

/** Roughly what it weighs. */
export function bytesOf({ event, starts, exits }: Acceptance): number {
  return [...starts, ...exits].reduce((sum, { work }) => sum + work.body.length, event.body.length);
}

/** Writes many in a handful of statements. Of two that are the same, the first is accepted, the other a duplicate. */
export async function acceptAll(
  trx: Transaction<Tables>,
  acceptances: Acceptance[],
): Promise<Array<"accepted" | "duplicate">> {
  const starts = acceptances.flatMap((acceptance) => acceptance.starts);
  const exits = acceptances.flatMap((acceptance) => acceptance.exits);

  // In one order everywhere: two processes that write the same keys crosswise would lock each other out.
  const newEvents = new Set(
    await addEvents(
      inOrder(
        acceptances.map(({ event }) => event),
        (event) => event.uuid,
      ),
    ),
  );
  const newRuns = new Set(
    await addRuns(
      inOrder(
        starts.map(({ run }) => run),
        (run) => run.transaction_id,
      ),
    ),
  );
  const newExits = new Set(
    await addExits(
      inOrder(
        exits.map(({ exit }) => exit),
        keyOf,
      ),
    ),
  );

  const work: Row<"work">[] = [];
  const outcomes = acceptances.map((acceptance) => {
    const isNewEvent = newEvents.delete(acceptance.event.uuid);
    const caused = [
      ...acceptance.starts.filter(({ run }) => newRuns.delete(run.transaction_id)),
      ...acceptance.exits.filter(({ exit }) => newExits.delete(keyOf(exit))),
    ];
    work.push(...caused.map((one) => one.work));
    return isNewEvent || caused.length > 0 ? "accepted" : "duplicate";
  });
  await each(work, (rows) =>
    trx
      .insertInto("work")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .returning("id")
      .execute(),
  );
  return outcomes;

  async function addEvents(rows: Row<"events">[]): Promise<string[]> {
    const added = await each(rows, (some) =>
      trx
        .insertInto("events")
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .returning("uuid")
        .execute(),
    );
    return added.map(({ uuid }) => uuid);
  }

  async function addRuns(rows: Row<"runs">[]): Promise<string[]> {
    const added = await each(rows, (some) =>
      trx
        .insertInto("runs")
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .returning("transaction_id")
        .execute(),
    );
    return added.map(({ transaction_id }) => transaction_id);
  }

  async function addExits(rows: Row<"exits">[]): Promise<string[]> {
    const key = ["workflow", "distinct_id", "event_uuid"] as const;
    const added = await each(rows, (some) =>
      trx
        .insertInto("exits")
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .returning(key)
        .execute(),
    );
    return added.map(keyOf);
  }
}

function inOrder<One>(rows: One[], keyOfRow: (row: One) => string): One[] {
  return rows
    .map((row) => ({ row, key: keyOfRow(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}

/** One statement for as many rows as it takes. */
async function each<Given, Answered>(
  rows: Given[],
  insert: (some: Given[]) => Promise<Answered[]>,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  for (let at = 0; at < rows.length; at += MOST_ROWS) answered.push(...(await insert(rows.slice(at, at + MOST_ROWS))));
  return answered;
}

/** A row of work that is due at once; `key` says what it does, so that the same is never kept twice. */
export function workRow(key: string, work: Work, now: number): Row<"work"> {
  const fresh = { state: "waiting", due_at: now, leased_until: 0, attempts: 0, refusals: 0, last_error: null } as const;
  return { key, lane: laneOf(work), body: JSON.stringify(work), ...fresh };
}

function runRow({ run, workflow }: Start): Row<"runs"> {
  const { transactionId, distinctId, occurredAt } = run;
  return {
    transaction_id: transactionId,
    workflow,
    distinct_id: distinctId,
    occurred_at: occurredAt,
    state: "pending",
  };
}

function startWork(start: Start, now: number): Row<"work"> {
  return workRow(`start:${start.run.transactionId}`, { kind: "start", body: start }, now);
}

function exitRow({ workflow, distinctId, eventUuid, eventName, occurredAt }: Exit): Row<"exits"> {
  return { workflow, distinct_id: distinctId, event_uuid: eventUuid, event_name: eventName, occurred_at: occurredAt };
}

function exitWork(exit: Exit, now: number): Row<"work"> {
  return workRow(`exit:${exit.eventUuid}:${exit.workflow}`, { kind: "exit", body: exit }, now);
}

function keyOf({
  workflow,
  distinct_id,
  event_uuid,
}: Pick<Row<"exits">, "workflow" | "distinct_id" | "event_uuid">): string {
  return JSON.stringify([workflow, distinct_id, event_uuid]);
}
