import type { LifecycleEvent } from "../contracts/event.ts";
import { type Job, queueOf } from "../contracts/job.ts";
import type { Exit, Merge, Profile, Routing, Start, Traits } from "../contracts/routing.ts";
import type { Row } from "./insert-rows.ts";

/** An event and all that it causes, as the rows that it comes to. */
export interface Acceptance {
  event: Row<"events">;
  starts: Array<{ run: Row<"runs">; job: Row<"jobs"> }>;
  exits: Array<{ exit: Row<"exits">; job: Row<"jobs"> }>;
  /** For Novu and PostHog, besides. */
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
    starts: starts.map((start) => ({ run: runRow(start, arrival), job: startJob(start, now) })),
    exits: exits.map((exit) => ({ exit: exitRow(exit, arrival), job: exitJob(exit, now) })),
    others: [
      ...profiles.map((profile) => ({ job: profileJob(profile, now) })),
      ...mergeRequests.map((join) => ({ job: jobRow(`join:${join.eventUuid}`, { kind: "join", body: join }, now) })),
    ],
    aliases: merges.map(aliasRow),
    traits: traits.flatMap((one) => traitRows(one, now)),
  };
}

/** Roughly what it weighs. */
export function bytesOf({ event, starts, exits, others }: Acceptance): number {
  return [...starts, ...exits, ...others].reduce((sum, { job }) => sum + job.body.length, event.body.length);
}

/** A row of work that is due at once; `key` says what it does, so that the same is never kept twice. */
export function jobRow(key: string, job: Job, now: number): Row<"jobs"> {
  const fresh = { state: "waiting", due_at: now, leased_until: 0, attempts: 0, refusals: 0, last_error: null } as const;
  return { key, queue: queueOf(job), body: JSON.stringify(job), ...fresh };
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

function startJob(start: Start, now: number): Row<"jobs"> {
  return jobRow(startKey(start.run.transactionId), { kind: "start", body: start }, now);
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

function exitJob(exit: Exit, now: number): Row<"jobs"> {
  return jobRow(`exit:${exit.eventUuid}:${exit.workflow}`, { kind: "exit", body: exit }, now);
}

function profileJob(profile: Profile, now: number): Row<"jobs"> {
  return jobRow(`profile:${profile.eventUuid}`, { kind: "profile", body: profile }, now);
}

export function aliasRow({ previousId, currentId, occurredAt }: Merge): Row<"aliases"> {
  return { former_id: previousId, kept_id: currentId, occurred_at: occurredAt };
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
