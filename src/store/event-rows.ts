import type { LifecycleEvent } from "../contracts/event.ts";
import { type Job, keyOf, queueOf, subjectOf } from "../contracts/job.ts";
import type { Exit, Merge, Routing, Start, Traits } from "../contracts/routing.ts";
import type { Row } from "./insert-rows.ts";

/** The rows of an event and its effects. */
export interface Acceptance {
  event: Row<"events">;
  starts: Array<{ run: Row<"runs">; job: Row<"jobs"> }>;
  exits: Array<{ exit: Row<"exits">; job: Row<"jobs"> }>;
  others: Array<{ job: Row<"jobs"> }>;
  aliases: Row<"aliases">[];
  traits: Row<"traits">[];
}

export function acceptanceOf(
  event: LifecycleEvent,
  { starts, exits, profiles = [], merges = [], mergeRequests = [], traits = [] }: Routing,
  now: number,
  arrival: number,
): Acceptance {
  const { source, uuid, name, distinctId, occurredAt, properties } = event;
  return {
    event: {
      uuid,
      name,
      distinct_id: distinctId,
      occurred_at: occurredAt,
      received_at: now,
      body: JSON.stringify({ source, uuid, name, distinctId, occurredAt, properties }),
      about: profiles.length + merges.length + mergeRequests.length + traits.length > 0 ? distinctId : null,
    },
    starts: starts.map((start) => ({ run: runRow(start, arrival), job: jobRow({ kind: "start", body: start }, now) })),
    exits: exits.map((exit) => ({ exit: exitRow(exit, arrival), job: jobRow({ kind: "exit", body: exit }, now) })),
    others: [
      ...profiles.map((profile) => ({ job: jobRow({ kind: "upsert subscriber", body: profile }, now) })),
      ...mergeRequests.map((join) => ({ job: jobRow({ kind: "merge", body: join }, now) })),
    ],
    aliases: merges.map(aliasRow),
    traits: traits.flatMap((one) => traitRows(one, now)),
  };
}

/** An estimate, for the limits of the batch commit. */
export function bytesOf({ event, starts, exits, others }: Acceptance): number {
  return [...starts, ...exits, ...others].reduce((sum, { job }) => sum + job.body.length, event.body.length);
}

/** The row of a job that is due at `dueAt`. */
export function jobRow(job: Job, dueAt: number): Row<"jobs"> {
  const { distinctId, workflow, transactionId } = subjectOf(job);
  return {
    key: keyOf(job),
    kind: job.kind,
    queue: queueOf(job),
    workflow,
    transaction_id: transactionId,
    distinct_id: distinctId,
    body: JSON.stringify(job),
    state: "waiting",
    due_at: dueAt,
    leased_until: 0,
    attempts: 0,
    refusals: 0,
    last_error: null,
  };
}

function runRow({ run, workflow }: Start, arrival: number): Row<"runs"> {
  const { transactionId, eventUuid, distinctId, occurredAt } = run;
  return {
    transaction_id: transactionId,
    workflow,
    distinct_id: distinctId,
    event_uuid: eventUuid,
    occurred_at: occurredAt,
    state: "pending",
    arrival,
  };
}

function exitRow({ workflow, distinctId, eventUuid, eventName, occurredAt }: Exit, arrival: number): Row<"exits"> {
  return {
    workflow,
    distinct_id: distinctId,
    event_uuid: eventUuid,
    event_name: eventName,
    occurred_at: occurredAt,
    arrival,
  };
}

export function aliasRow({ previousId, currentId, occurredAt }: Merge): Row<"aliases"> {
  return { previous_id: previousId, current_id: currentId, occurred_at: occurredAt };
}

/** A removed property is stored as null: it replaces an older value. */
function traitRows({ distinctId, occurredAt, properties }: Traits, now: number): Row<"traits">[] {
  return Object.entries(properties).map(([name, value]) => ({
    distinct_id: distinctId,
    name,
    value: JSON.stringify(value ?? null),
    occurred_at: occurredAt,
    saved_at: now,
  }));
}
