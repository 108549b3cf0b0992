import { type Generated, type GeneratedAlways, sql } from "kysely";
import type { Source } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";

// Times named `…_at` in text are ISO 8601 as the facts had them; in numbers, milliseconds since 1970.

export interface Tables {
  events: {
    uuid: string;
    name: string;
    distinct_id: string;
    occurred_at: string;
    received_at: number;
    body: string;
    /** Its distinct id when it says who that is; other events are found by what they caused. */
    about: Generated<string | null>;
  };
  runs: {
    transaction_id: string;
    workflow: string;
    distinct_id: string;
    event_uuid: Generated<string | null>;
    occurred_at: string;
    /** `not started`: it did not begin, because of a limit of its workflow; `failed`: it ended at Novu before its last message. */
    state: "pending" | "started" | "exiting" | "exited" | "not started" | "failed";
    /** When Novu took it on. */
    entered_at: Generated<number | null>;
    /** When its last message was decided, or the person left. */
    ended_at: Generated<number | null>;
    /** The person as Novu is told of them with the trigger, as JSON. */
    recipient: Generated<string | null>;
    /** How often Novu had refused the trigger when the recipient was kept. */
    recipient_try: Generated<number | null>;
    /** When its event arrived, in microseconds since 1970, in the order of a process; null from the versions before. */
    arrival: Generated<number | null>;
    /** The id of the shape that its workflow had at the trigger; null before, and from the versions before. */
    shape: Generated<string | null>;
  };
  /** The newest run that each person entered of each workflow that limits entries; outlives the run. */
  entries: { distinct_id: string; workflow: string; transaction_id: string; occurred_at: string };
  exits: {
    workflow: string;
    distinct_id: string;
    event_uuid: string;
    event_name: string;
    occurred_at: string;
    /** As that of a run. */
    arrival: Generated<number | null>;
  };
  /** Distinct ids of one person; of several merges of an id, the first in time. */
  aliases: { former_id: string; kept_id: string; occurred_at: string };
  /** The newest profile that Novu was told of each person, as JSON. */
  profiles: {
    distinct_id: string;
    occurred_at: string;
    body: string;
    is_doubtful: number;
    /** When it was last written here; null from the versions before. */
    kept_at: Generated<number | null>;
  };
  /** What was told of persons by sources that keep none: the newest of each property, as JSON. */
  traits: {
    distinct_id: string;
    name: string;
    value: string;
    occurred_at: string;
    /** As that of a profile. */
    kept_at: Generated<number | null>;
  };
  /** What people said of what they want, each time; the newest of each topic holds. It is never deleted for its age. */
  opt_outs: {
    distinct_id: string;
    /** "all", a topic, or one workflow. */
    topic: string;
    at: string;
    /** When they last said it again, before they said otherwise. */
    last_at: string;
    /** 1 when they do not want it, 0 when they do. */
    is_out: number;
    cause: string;
    /** The message by which they said so; null when it was by none. */
    transaction_id: string | null;
    step: string | null;
  };
  /** The last address of each person to which nothing could be delivered. */
  bounces: { distinct_id: string; address_hash: string | null; at: string };
  jobs: {
    id: Generated<number>;
    /** Says what it does, so that the same work is never kept twice. */
    key: string;
    queue: Queue;
    body: string;
    state: "waiting" | "dead";
    due_at: number;
    /** Until then a claim holds it; 0 when none does. */
    leased_until: number;
    attempts: number;
    refusals: number;
    last_error: string | null;
  };
  decisions: {
    id: Generated<number>;
    transaction_id: string;
    step: string;
    distinct_id: string;
    body: string;
    /** In the body, from where the database reads them. */
    workflow: GeneratedAlways<string>;
    outcome: GeneratedAlways<string>;
    decided_at: GeneratedAlways<string>;
    channel: GeneratedAlways<string>;
    reason: GeneratedAlways<string | null>;
  };
  /** Messages on their way to a person. */
  sends: {
    transaction_id: string;
    step: string;
    distinct_id: string;
    /** When it was first to be sent. */
    asked_at: number;
    /** When it took one of the person's places; null when it has none. */
    taken_at: number | null;
    /** How often Novu was told to ask again. */
    put_off: number;
  };
  /** What was drawn for each run by a flag; the first counts. */
  variants: {
    transaction_id: string;
    flag: string;
    distinct_id: string;
    variant: string;
    /** Whether PostHog said so; else it is the declared default. */
    source: "posthog" | "default";
    drawn_at: number;
    /** The step whose report tells PostHog that the person is exposed; null until there is one. */
    exposed_by: string | null;
  };
  /** What others have said became of a message, and PostHog was told or is to be. */
  captures: {
    transaction_id: string;
    /** Empty where it is of the whole run. */
    step: string;
    status: string;
    distinct_id: string;
    captured_at: number;
  };
  /** The shapes that workflows have had; `seen_at` is when a process last had it in its code. */
  shapes: { id: string; workflow: string; body: string; seen_at: number };
  /** Results of custom steps that Novu does not have, found out again, as JSON; the first counts. */
  custom_values: { transaction_id: string; step: string; distinct_id: string; value: string; kept_at: number };
  /** Studio sessions that were logged out before they expire. */
  ended_sessions: { id: string; expires_at: number };
  /** When the next place in each line, or the next turn, is, in milliseconds since 1970, with fractions. */
  lines: { name: string; next_at: number };
  ignored_events: {
    id: Generated<number>;
    /** Null from the versions that knew of PostHog only. */
    source: Generated<Source | null>;
    received_at: string;
    reason: string;
    event_uuid: string | null;
    event_name: string | null;
    distinct_id: Generated<string | null>;
    body: string;
  };
}

/** When waiting work is due again: its time, or the end of the claim that holds it. The indexes are on just this. */
export const NEXT_AT = sql<number>`(case when leased_until > due_at then leased_until else due_at end)`;

/** In so many words, because SQLite uses a partial index only where it can see at once that it applies. */
export const IS_WAITING = sql<boolean>`state = 'waiting'`;

/** The event that started a run; the version before 0002 kept it in the transaction id only. */
export const STARTED_BY = sql<string>`coalesce(runs.event_uuid, replace(runs.transaction_id, ':' || runs.workflow, ''))`;
