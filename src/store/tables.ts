import { type Generated, type GeneratedAlways, sql } from "kysely";
import type { PushProvider } from "../contracts/device.ts";
import type { Source } from "../contracts/event.ts";
import type { Job, Queue } from "../contracts/job.ts";

// A time named `…_at` is ISO 8601 where it is a string, and milliseconds since 1970 where it is a number.

export interface Tables {
  events: {
    uuid: string;
    name: string;
    distinct_id: string;
    occurred_at: string;
    received_at: number;
    body: string;
    /**
     * The distinct id of an event that changed its person, or started runs of other people; null for other events,
     * which are found by their runs and exits.
     */
    about: string | null;
  };
  /** The hours in which events came, so that the app notices when an event stops; see src/comparison/rhythm.ts. */
  event_hours: { name: string; hour: number };
  runs: {
    transaction_id: string;
    workflow: string;
    distinct_id: string;
    /** The event that started the run. */
    event_uuid: string;
    occurred_at: string;
    /**
     * A run `in progress` with an `ended_at` is finished. A run is `not started` because of a limit of its workflow. A
     * `failed` run ended at Novu before its last message.
     */
    state: "pending" | "in progress" | "exiting" | "exited" | "not started" | "failed";
    /** When Novu accepted the trigger. */
    entered_at: Generated<number | null>;
    /** When the last message was decided, or the run was exited. */
    ended_at: Generated<number | null>;
    /** The subscriber as sent with the trigger, as JSON. */
    recipient: Generated<string | null>;
    /** How often Novu had refused the trigger when the recipient was saved. */
    recipient_try: Generated<number | null>;
    /**
     * When the event of the run arrived, in microseconds since 1970. Each event of a process has a larger arrival than
     * the one before. Null for a run that another system triggered.
     */
    arrival: Generated<number | null>;
    /** The id of the shape that the workflow had at the trigger; null before the trigger. */
    shape: Generated<string | null>;
    /** The number of the part that was triggered last (`partOf`); null for the first part. */
    part: Generated<number | null>;
    /** 1 for a run whose event is another person's; else null. */
    others_event: Generated<number | null>;
  };
  /** The newest run of each person, for each workflow that limits entries. The row stays when the run is deleted. */
  entries: { distinct_id: string; workflow: string; transaction_id: string; occurred_at: string };
  exits: {
    /** The workflow, or the `waitName` of the wait that the event ends. */
    workflow: string;
    distinct_id: string;
    event_uuid: string;
    event_name: string;
    occurred_at: string;
    /** As `arrival` of a run. */
    arrival: number;
    /** The match of the exit; an exit has a row for each match. Empty for all runs of the person. */
    match_field: string;
    match_key: string;
    /** 1 if it also ends matching runs of other persons. */
    of_anyone: number;
  };
  /** The match keys of runs, each for one field of the payload. */
  match_keys: { transaction_id: string; field: string; key: string; distinct_id: string; saved_at: number };
  /** The people in the cohorts that start workflows, as of the last read of each cohort. */
  cohort_members: {
    workflow: string;
    cohort: number;
    distinct_id: string;
    entered_at: number;
    /** `recorded`: the workflow does not start for this person. `due`: the event of the entry is not ingested yet. */
    entry: "recorded" | "due" | "ingested";
    /** The beginning of the last read of the cohort that had this person. */
    seen_at: number;
  };
  /** The beginning of the last complete read of each cohort. */
  cohort_reads: { workflow: string; cohort: number; read_at: number };
  /** Two distinct ids of one person. Each `previous_id` has one row: the earliest merge of that id. */
  aliases: { previous_id: string; current_id: string; occurred_at: string };
  /** The newest profile of each person that was sent to Novu, as JSON. */
  profiles: {
    distinct_id: string;
    occurred_at: string;
    body: string;
    is_doubtful: number;
    saved_at: number;
  };
  /** Person properties from sources that do not store persons: the newest value of each property, as JSON. */
  traits: {
    distinct_id: string;
    name: string;
    value: string;
    occurred_at: string;
    saved_at: number;
  };
  /** Opt-outs and opt-ins; the newest of each topic is valid. None is deleted because of its age. */
  opt_outs: {
    distinct_id: string;
    /** "all", a topic, or one workflow. */
    topic: string;
    at: string;
    /** The time of the last repeat of this change; `at` when the change was never repeated. */
    last_at: string;
    /** 1 for an opt-out, 0 for an opt-in. */
    is_out: number;
    cause: string;
    /** The message with the link that made the change; null for another cause. */
    transaction_id: string | null;
    step: string | null;
  };
  /** For each distinct id, the addresses that have bounced, with the time of the last bounce. */
  bounces: {
    distinct_id: string;
    /** Empty for an address that is not known. */
    address_hash: string;
    at: string;
  };
  /** Devices that take push messages; a larger id was registered later. None is deleted because of its age. */
  devices: {
    id: Generated<number>;
    distinct_id: string;
    provider: PushProvider;
    /** Null for the provider's newest integration at Novu. */
    integration: string | null;
    token: string;
    registered_at: number;
  };
  jobs: {
    id: Generated<number>;
    /** By `keyOf`: the same job is never written twice. */
    key: string;
    kind: Job["kind"];
    queue: Queue;
    /** Null for a job with no workflow in its body. */
    workflow: string | null;
    /** Null for a job that is not about one run. */
    transaction_id: string | null;
    distinct_id: string;
    body: string;
    state: "waiting" | "dead";
    due_at: number;
    /** The end of the lease; 0 without a lease. */
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
    /** The database reads this column and those below from `body`. */
    workflow: GeneratedAlways<string>;
    outcome: GeneratedAlways<string>;
    decided_at: GeneratedAlways<string>;
    channel: GeneratedAlways<string>;
    reason: GeneratedAlways<string | null>;
  };
  /** Messages that count under the frequency cap, or were postponed. */
  sends: {
    transaction_id: string;
    step: string;
    distinct_id: string;
    /** When the message was to be sent for the first time. */
    asked_at: number;
    /** When the message began to count under the cap; null when it does not count. */
    reserved_at: number | null;
    /** How often Novu was asked to call the step again. */
    attempts: number;
  };
  /** The experiment variants of runs, by flag; the first is valid. */
  variants: {
    transaction_id: string;
    flag: string;
    distinct_id: string;
    variant: string;
    /** `default`: the declared default of the workflow. */
    source: "posthog" | "default";
    drawn_at: number;
    /** The step that reports the exposure to PostHog; null while no step does. */
    exposed_by: string | null;
  };
  /** The statuses that were reported to PostHog, each once. */
  reports: {
    transaction_id: string;
    /** Empty for a status of the whole run. */
    step: string;
    status: string;
    distinct_id: string;
    reported_at: number;
  };
  /** The shapes that workflows have had. `seen_at` is the last start of a process with the shape in its code. */
  shapes: { id: string; workflow: string; body: string; seen_at: number };
  /** Results of custom steps, as JSON, where Novu's state of the run lacks the result. */
  custom_values: { transaction_id: string; step: string; distinct_id: string; value: string; saved_at: number };
  /** Studio sessions that were logged out before they expire. */
  ended_sessions: { id: string; expires_at: number };
  /** When the next slot of each rate limiter is, in milliseconds since 1970, with fractions. */
  rate_limiters: { name: string; next_at: number };
  /** When each periodic task runs next, or when its lease ends, in milliseconds since 1970. */
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

/** When a waiting job can be claimed: at `due_at`, or at the end of a later lease. The indexes have this expression. */
export const NEXT_AT = sql<number>`(case when leased_until > due_at then leased_until else due_at end)`;

/** A literal, because SQLite uses a partial index only where the condition is the same text. */
export const IS_WAITING = sql<boolean>`state = 'waiting'`;

/** The condition of SQLite's index on the leased jobs. */
export const IS_LEASED = sql<boolean>`leased_until > 0`;

/** The condition of the index on the dead jobs. */
export const IS_DEAD = sql<boolean>`jobs.state = 'dead'`;

/** The condition of the index on the events of other persons. */
export const IS_OF_OTHERS_EVENT = sql<boolean>`runs.others_event = 1`;

/** The condition of the index on the keys of exits that end runs of other persons. */
export const IS_OF_ANYONE = sql<boolean>`exits.of_anyone = 1`;

/** The condition of the index on the members whose event is not ingested yet. */
export const IS_DUE = sql<boolean>`entry = 'due'`;

/** The condition of the index on the person of a job. The start of a run is found by its key. */
export const IS_NO_START = sql<boolean>`jobs.kind <> 'start'`;
