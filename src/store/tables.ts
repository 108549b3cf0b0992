import { type Generated, type GeneratedAlways, sql } from "kysely";
import type { Source } from "../contracts/event.ts";
import type { Job, Queue } from "../contracts/job.ts";

// Times named `…_at` are ISO 8601 as text, and milliseconds since 1970 as numbers.

export interface Tables {
  events: {
    uuid: string;
    name: string;
    distinct_id: string;
    occurred_at: string;
    received_at: number;
    body: string;
    /** Its distinct id when it changed the person; other events of a person are found by their runs and exits. */
    about: string | null;
  };
  runs: {
    transaction_id: string;
    workflow: string;
    distinct_id: string;
    /** The event that started it. */
    event_uuid: string;
    occurred_at: string;
    /**
     * `in progress` with an `ended_at`: finished; `not started`: it did not begin, because of a limit of its workflow;
     * `failed`: it ended at Novu before its last message.
     */
    state: "pending" | "in progress" | "exiting" | "exited" | "not started" | "failed";
    /** When Novu accepted its trigger. */
    entered_at: Generated<number | null>;
    /** When its last message was decided, or it was exited. */
    ended_at: Generated<number | null>;
    /** The subscriber as sent with the trigger, as JSON. */
    recipient: Generated<string | null>;
    /** How often Novu had refused the trigger when the recipient was saved. */
    recipient_try: Generated<number | null>;
    /** When its event arrived, in microseconds since 1970, in the order of a process; null for a run that was not triggered here. */
    arrival: Generated<number | null>;
    /** The id of the shape that its workflow had at the trigger; null before the trigger. */
    shape: Generated<string | null>;
  };
  /** The newest run of each person, for each workflow that limits entries. The row outlives the run. */
  entries: { distinct_id: string; workflow: string; transaction_id: string; occurred_at: string };
  exits: {
    workflow: string;
    distinct_id: string;
    event_uuid: string;
    event_name: string;
    occurred_at: string;
    /** As that of a run. */
    arrival: number;
  };
  /** Distinct ids of one person; of several merges of an id, the first in time. */
  aliases: { previous_id: string; current_id: string; occurred_at: string };
  /** The newest profile of each person that was sent to Novu, as JSON. */
  profiles: {
    distinct_id: string;
    occurred_at: string;
    body: string;
    is_doubtful: number;
    saved_at: number;
  };
  /** Properties of persons from sources that have no record of them: the newest of each, as JSON. */
  traits: {
    distinct_id: string;
    name: string;
    value: string;
    occurred_at: string;
    saved_at: number;
  };
  /** Opt-outs and opt-ins; the newest of each topic is valid. Their age deletes none of them. */
  opt_outs: {
    distinct_id: string;
    /** "all", a topic, or one workflow. */
    topic: string;
    at: string;
    /** The last repeat of this change, before the next one. */
    last_at: string;
    /** 1 for an opt-out, 0 for an opt-in. */
    is_out: number;
    cause: string;
    /** The message whose link made the change; null for another cause. */
    transaction_id: string | null;
    step: string | null;
  };
  /** The last address of each person to which nothing could be delivered. */
  bounces: { distinct_id: string; address_hash: string | null; at: string };
  jobs: {
    id: Generated<number>;
    /** By `keyOf`: the same job is never written twice. */
    key: string;
    kind: Job["kind"];
    queue: Queue;
    /** Null where the job is about the person and no workflow. */
    workflow: string | null;
    /** Null where the job is about no single run. */
    transaction_id: string | null;
    distinct_id: string;
    body: string;
    state: "waiting" | "dead";
    due_at: number;
    /** The end of its lease; 0 without one. */
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
    /** The database reads these from the body. */
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
    /** Since when it counts under the cap; null when it does not. */
    reserved_at: number | null;
    /** How often Novu was asked to call again. */
    attempts: number;
  };
  /** The experiment variants of runs, by flag; the first is valid. */
  variants: {
    transaction_id: string;
    flag: string;
    distinct_id: string;
    variant: string;
    /** PostHog, or the declared default of the workflow. */
    source: "posthog" | "default";
    drawn_at: number;
    /** The step whose report to PostHog contains the exposure; null until there is one. */
    exposed_by: string | null;
  };
  /** Reports to PostHog about statuses of messages; once each. */
  reports: {
    transaction_id: string;
    /** Empty where it is of the whole run. */
    step: string;
    status: string;
    distinct_id: string;
    reported_at: number;
  };
  /** The shapes that workflows have had; `seen_at` is when a process last had it in its code. */
  shapes: { id: string; workflow: string; body: string; seen_at: number };
  /** Results of custom steps that Novu does not have, as JSON; the first is valid. */
  custom_values: { transaction_id: string; step: string; distinct_id: string; value: string; saved_at: number };
  /** Studio sessions that were logged out before they expire. */
  ended_sessions: { id: string; expires_at: number };
  /** When the next slot of each rate limiter is, in milliseconds since 1970, with fractions. */
  rate_limiters: { name: string; next_at: number };
  /** When each periodic task runs next, or its lease ends, in milliseconds since 1970. */
  leases: { name: string; next_at: number };
  ignored_events: {
    id: Generated<number>;
    source: Source;
    received_at: string;
    reason: string;
    event_uuid: string | null;
    event_name: string | null;
    distinct_id: string | null;
    body: string;
  };
}

/** When a waiting job can be claimed: its time, or the end of its lease. The indexes are on this expression. */
export const NEXT_AT = sql<number>`(case when leased_until > due_at then leased_until else due_at end)`;

/** A literal, because SQLite uses a partial index only where the condition is the same text. */
export const IS_WAITING = sql<boolean>`state = 'waiting'`;
