import type { LifecycleEvent } from "../contracts/event.ts";
import type { Exit, Merge, Profile, Routing, Start, Traits } from "../contracts/notification.ts";
import { laneOf, type Work } from "../contracts/work.ts";
import type { Row } from "./insert-rows.ts";

/** An event and all that it causes, as the rows that it comes to. */
export interface Acceptance {
  event: Row<"events">;
  starts: Array<{ run: Row<"runs">; work: Row<"work"> }>;
  exits: Array<{ exit: Row<"exits">; work: Row<"work"> }>;
  /** For Novu and PostHog, besides. */
  others: Array<{ work: Row<"work"> }>;
  aliases: Row<"aliases">[];
  traits: Row<"traits">[];
}

export function acceptanceOf(
  event: LifecycleEvent,
  { starts, exits, profiles = [], merges = [], joins = [], traits = [] }: Routing,
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
      about: profiles.length + merges.length + joins.length + traits.length > 0 ? distinctId : null,
    },
    starts: starts.map((start) => ({ run: runRow(start, arrival), work: startWork(start, now) })),
    exits: exits.map((exit) => ({ exit: exitRow(exit, arrival), work: exitWork(exit, now) })),
    others: [
      ...profiles.map((profile) => ({ work: profileWork(profile, now) })),
      ...joins.map((join) => ({ work: workRow(`join:${join.eventUuid}`, { kind: "join", body: join }, now) })),
    ],
    aliases: merges.map(aliasRow),
    traits: traits.flatMap((one) => traitRows(one, now)),
  };
}

/** Roughly what it weighs. */
export function bytesOf({ event, starts, exits, others }: Acceptance): number {
  return [...starts, ...exits, ...others].reduce((sum, { work }) => sum + work.body.length, event.body.length);
}

/** A row of work that is due at once; `key` says what it does, so that the same is never kept twice. */
export function workRow(key: string, work: Work, now: number): Row<"work"> {
  const fresh = { state: "waiting", due_at: now, leased_until: 0, attempts: 0, refusals: 0, last_error: null } as const;
  return { key, lane: laneOf(work), body: JSON.stringify(work), ...fresh };
}

/** The key of the work that starts a run. */
export function startKey(transactionId: string): string {
  return `start:${transactionId}`;
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

function startWork(start: Start, now: number): Row<"work"> {
  return workRow(startKey(start.run.transactionId), { kind: "start", body: start }, now);
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

function exitWork(exit: Exit, now: number): Row<"work"> {
  return workRow(`exit:${exit.eventUuid}:${exit.workflow}`, { kind: "exit", body: exit }, now);
}

function profileWork(profile: Profile, now: number): Row<"work"> {
  return workRow(`profile:${profile.eventUuid}`, { kind: "profile", body: profile }, now);
}

export function aliasRow({ formerId, keptId, occurredAt }: Merge): Row<"aliases"> {
  return { former_id: formerId, kept_id: keptId, occurred_at: occurredAt };
}

/** What is named but has no value any more is kept as that. */
function traitRows({ distinctId, occurredAt, properties }: Traits, now: number): Row<"traits">[] {
  return Object.entries(properties).map(([name, value]) => ({
    distinct_id: distinctId,
    name,
    value: JSON.stringify(value ?? null),
    occurred_at: occurredAt,
    kept_at: now,
  }));
}
