import type { LifecycleEvent } from "../contracts/event.ts";
import { ALL_RUNS } from "../contracts/exit-match.ts";
import type { Job } from "../contracts/job.ts";
import { declaredIn } from "../contracts/person.ts";
import type { Exit, Routing, Start, Traits } from "../contracts/routing.ts";
import { inOrder, type Row } from "./engine.ts";
import { jobRow } from "./job-queue.ts";
import { aliasRow } from "./merges.ts";

/** The rows of an event and its effects. */
export interface EventRows {
  event: Row<"events">;
  runs: Row<"runs">[];
  matchKeys: Row<"match_keys">[];
  exits: Row<"exits">[];
  aliases: Row<"aliases">[];
  traits: Row<"traits">[];
  /** `cause` is the key of the row that causes the job: the event, a run or an exit. */
  jobs: Array<{ cause: string; row: Row<"jobs"> }>;
}

export function eventRows(
  event: LifecycleEvent,
  { starts, exits, awaited = [], profiles = [], merges = [], mergeRequests = [], traits = [] }: Routing,
  now: number,
  arrival: number,
): EventRows {
  const { uuid, name, distinctId, occurredAt } = event;
  const changes = profiles.length + merges.length + mergeRequests.length + traits.length;
  const isAboutPerson = changes > 0 || starts.some(({ run }) => run.isOthersEvent);
  return {
    event: {
      uuid,
      name,
      distinct_id: distinctId,
      occurred_at: occurredAt,
      received_at: now,
      body: JSON.stringify(storedEvent(event, arrival)),
      about: isAboutPerson ? distinctId : null,
    },
    runs: starts.map((start) => runRow(start, arrival)),
    matchKeys: starts.flatMap((start) => matchKeyRows(start, now)),
    exits: [...exits, ...awaited].flatMap((exit) => exitRows(exit, arrival)),
    aliases: merges.map(aliasRow),
    traits: traits.flatMap((one) => traitRows(one, now)),
    jobs: [
      ...starts.map((body) => caused(runKey({ transaction_id: body.run.transactionId }), { kind: "start", body })),
      ...exits.map((body) => caused(exitKey(body), { kind: "exit", body })),
      ...awaited.map((body) => caused(exitKey(body), { kind: "awaited event", body })),
      ...profiles.map((body) => caused(eventKey({ uuid }), { kind: "upsert subscriber", body })),
      ...mergeRequests.map((body) => caused(eventKey({ uuid }), { kind: "merge", body })),
    ],
  };

  function caused(cause: string, job: Job) {
    return { cause, row: jobRow(job, now) };
  }
}

/** The event with all that a rehearsal needs. PostHog has the facts about identity in the event's properties. */
function storedEvent(event: LifecycleEvent, arrival: number) {
  const { source, uuid, name, distinctId, occurredAt, properties } = event;
  const { isIdentityEvent, changedProperties, previousId, deviceId } = event;
  const personProperties = personPropertiesOf(event);
  return {
    ...{ source, uuid, name, distinctId, occurredAt, arrival, properties },
    ...(personProperties !== null && { personProperties }),
    ...(source === "segment" && { isIdentityEvent, changedProperties, previousId, deviceId }),
  };
}

/** The declared person properties that are not in the event's own properties too; null for none. */
function personPropertiesOf({ properties, personProperties }: LifecycleEvent): Record<string, unknown> | null {
  if (personProperties === null) return null;
  const set = (properties.$set ?? {}) as Record<string, unknown>;
  const setOnce = (properties.$set_once ?? {}) as Record<string, unknown>;
  const others = [...declaredIn(personProperties)].filter(
    ([name, value]) => set[name] !== value && setOnce[name] !== value,
  );
  return others.length === 0 ? null : Object.fromEntries(others);
}

export function eventKey({ uuid }: Pick<Row<"events">, "uuid">): string {
  return `event ${uuid}`;
}

export function runKey(run: Pick<Row<"runs">, "transaction_id">): string {
  return `run ${run.transaction_id}`;
}

/** The same for each row of an exit. */
export function exitKey({ workflow, distinctId, eventUuid }: Pick<Exit, "workflow" | "distinctId" | "eventUuid">) {
  return `exit ${JSON.stringify([workflow, distinctId, eventUuid])}`;
}

function exitRowKey(row: Row<"exits">): string {
  return JSON.stringify([row.distinct_id, row.workflow, row.event_uuid, row.match_key]);
}

function matchKeyRowKey(row: Row<"match_keys">): string {
  return JSON.stringify([row.transaction_id, row.field]);
}

/**
 * The rows of several events. All rows but jobs are sorted by key. Of several merges of an id, only the earliest stays;
 * of several values of a property, only the newest.
 */
export function rowsOfAll(all: EventRows[]) {
  const events = all.map(({ event }) => event);
  const runs = all.flatMap((one) => one.runs);
  const matchKeys = all.flatMap((one) => one.matchKeys);
  const exits = all.flatMap((one) => one.exits);
  const aliases = all.flatMap((one) => one.aliases);
  const traits = all.flatMap((one) => one.traits);
  const newestFirst = inOrder(aliases, ({ occurred_at, current_id }) => `${occurred_at} ${current_id}`).reverse();
  const oldestFirst = inOrder(traits, ({ occurred_at, value }) => `${occurred_at} ${value}`);
  return {
    events: inOrder(events, eventKey),
    runs: inOrder(runs, runKey),
    matchKeys: inOrder(matchKeys, matchKeyRowKey),
    exits: inOrder(exits, exitRowKey),
    aliases: lastOfEach(newestFirst, ({ previous_id }) => previous_id),
    traits: lastOfEach(oldestFirst, ({ distinct_id, name }) => JSON.stringify([distinct_id, name])),
    jobs: all.flatMap(({ jobs }) => jobs.map(({ row }) => row)),
  };
}

function lastOfEach<One>(rows: One[], keyOf: (row: One) => string): One[] {
  return inOrder([...new Map(rows.map((row) => [keyOf(row), row])).values()], keyOf);
}

function runRow({ run, workflow }: Start, arrival: number): Row<"runs"> {
  const { transactionId, eventUuid, distinctId, occurredAt, isOthersEvent } = run;
  return {
    transaction_id: transactionId,
    workflow,
    distinct_id: distinctId,
    event_uuid: eventUuid,
    occurred_at: occurredAt,
    state: "pending",
    arrival,
    others_event: isOthersEvent ? 1 : null,
  };
}

function matchKeyRows({ run: { transactionId, distinctId }, matchKeys = {} }: Start, now: number): Row<"match_keys">[] {
  return Object.entries(matchKeys).map(([field, key]) => ({
    transaction_id: transactionId,
    field,
    key,
    distinct_id: distinctId,
    saved_at: now,
  }));
}

function exitRows({ matches = [ALL_RUNS], ...exit }: Exit, arrival: number): Row<"exits">[] {
  return matches.map(({ field, key, of }) => ({
    workflow: exit.workflow,
    distinct_id: exit.distinctId,
    event_uuid: exit.eventUuid,
    event_name: exit.eventName,
    occurred_at: exit.occurredAt,
    arrival,
    match_field: field,
    match_key: key,
    of_anyone: of === "anyone" ? 1 : 0,
  }));
}

/** A removed property is stored as null, because the null must replace an older value. */
function traitRows({ distinctId, occurredAt, properties }: Traits, now: number): Row<"traits">[] {
  return Object.entries(properties).map(([name, value]) => ({
    distinct_id: distinctId,
    name,
    value: JSON.stringify(value ?? null),
    occurred_at: occurredAt,
    saved_at: now,
  }));
}
