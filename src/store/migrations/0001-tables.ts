import { type Kysely, sql } from "kysely";
import type { EngineName } from "../migrate.ts";

/** Every table. Each column is described in tables.ts. */
export async function createTables(db: Kysely<unknown>, engine: EngineName): Promise<void> {
  for (const statement of statementsFor(engine)) await sql.raw(statement).execute(db);
}

function statementsFor(engine: EngineName): string[] {
  const isPostgres = engine === "postgres";
  // Each row gets a new, larger number.
  const id = isPostgres ? "id bigint generated always as identity primary key" : "id integer primary key autoincrement";
  const fromBody = (name: string) =>
    isPostgres
      ? `text generated always as (body::jsonb ->> '${name}') stored`
      : `text generated always as (body ->> '${name}')`;
  return [
    ...EVENTS_AND_RUNS,
    ...jobs(id, isPostgres),
    ...ignoredEvents(id),
    ...decisions(id, fromBody),
    ...PEOPLE,
    ...devices(id),
    ...LIMITS,
  ];
}

const EVENTS_AND_RUNS = [
  `create table events (
    uuid text primary key, name text not null, distinct_id text not null, occurred_at text not null,
    received_at bigint not null, body text not null, about text)`,
  "create index events_by_age on events (received_at)",
  "create index events_about on events (about) where about is not null",

  "create table event_hours (name text not null, hour bigint not null, primary key (name, hour))",
  "create index event_hours_by_age on event_hours (hour)",

  `create table runs (
    transaction_id text primary key, workflow text not null, distinct_id text not null, event_uuid text not null,
    occurred_at text not null, state text not null, entered_at bigint, ended_at bigint,
    recipient text, recipient_try integer, arrival bigint, shape text, part integer,
    others_event integer)`,
  "create index runs_of_person on runs (distinct_id, workflow)",
  "create index runs_by_age on runs (occurred_at)",
  "create index runs_by_arrival on runs (arrival, occurred_at)",
  "create index runs_of_others_event on runs (event_uuid) where others_event = 1",
  "create index runs_entered on runs (entered_at) where entered_at is not null",

  `create table entries (
    distinct_id text not null, workflow text not null, transaction_id text not null, occurred_at text not null,
    constraint entries_one primary key (distinct_id, workflow))`,

  `create table exits (
    workflow text not null, distinct_id text not null, event_uuid text not null, event_name text not null,
    occurred_at text not null, arrival bigint not null, match_field text not null, match_key text not null,
    of_anyone integer not null,
    constraint exits_once primary key (distinct_id, workflow, event_uuid, match_key))`,
  "create index exits_by_age on exits (occurred_at)",
  "create index exits_by_arrival on exits (arrival)",
  "create index exits_of_anyone on exits (match_key) where of_anyone = 1",

  `create table match_keys (
    transaction_id text not null, field text not null, key text not null, distinct_id text not null,
    saved_at bigint not null,
    constraint match_keys_once primary key (transaction_id, field))`,
  "create index match_keys_by_key on match_keys (key)",
  "create index match_keys_of_person on match_keys (distinct_id)",
  "create index match_keys_by_age on match_keys (saved_at)",

  "create table shapes (id text primary key, workflow text not null, body text not null, seen_at bigint not null)",
  "create index shapes_of_workflow on shapes (workflow, seen_at)",

  `create table custom_values (
    transaction_id text not null, step text not null, distinct_id text not null, value text not null,
    saved_at bigint not null,
    constraint custom_values_once primary key (transaction_id, step))`,
  "create index custom_values_of_person on custom_values (distinct_id)",
  "create index custom_values_by_age on custom_values (saved_at)",
];

/** A claim reads untried and tried jobs by two indexes. Both have the expression `NEXT_AT`. */
function jobs(id: string, isPostgres: boolean): string[] {
  const next = "case when leased_until > due_at then leased_until else due_at end";
  return [
    `create table jobs (
      ${id}, key text not null unique, kind text not null, queue text not null, workflow text, transaction_id text,
      distinct_id text not null, body text not null, state text not null, due_at bigint not null,
      leased_until bigint not null, attempts integer not null, refusals integer not null, last_error text)`,
    `create index jobs_fresh on jobs (queue, (${next}), id) where state = 'waiting' and last_error is null`,
    `create index jobs_tried on jobs (queue, (${next}), id) where state = 'waiting' and last_error is not null`,
    "create index jobs_dead on jobs (state, id, queue) where state = 'dead'",
    // The leases that a start ends.
    ...(isPostgres ? [] : ["create index jobs_leased on jobs (leased_until) where leased_until > 0"]),
    // Most jobs are starts, and an entry for each would cost an eighth of all inserts.
    "create index jobs_of_person on jobs (distinct_id, transaction_id) where kind <> 'start'",
  ];
}

function ignoredEvents(id: string): string[] {
  return [
    `create table ignored_events (
      ${id}, source text not null, received_at text not null, reason text not null,
      event_uuid text, event_name text, distinct_id text, body text not null)`,
    "create index ignored_events_of_person on ignored_events (distinct_id, reason)",
  ];
}

function decisions(id: string, fromBody: (name: string) => string): string[] {
  return [
    `create table decisions (
      ${id}, transaction_id text not null, step text not null, distinct_id text not null, body text not null,
      workflow ${fromBody("workflow")}, outcome ${fromBody("outcome")}, decided_at ${fromBody("decidedAt")},
      channel ${fromBody("channel")}, reason ${fromBody("reason")},
      constraint decisions_once unique (transaction_id, step))`,
    "create index decisions_of_person on decisions (distinct_id, id)",
    // The decisions of a period are counted from this index alone.
    "create index decisions_counted on decisions (decided_at, workflow, outcome, channel, reason)",

    `create table variants (
      transaction_id text not null, flag text not null, distinct_id text not null, variant text not null,
      source text not null, drawn_at bigint not null, exposed_by text,
      constraint variants_once primary key (transaction_id, flag))`,
    "create index variants_of_person on variants (distinct_id)",
    "create index variants_by_age on variants (drawn_at)",

    `create table reports (
      transaction_id text not null, step text not null, status text not null, distinct_id text not null,
      reported_at bigint not null,
      constraint reports_once primary key (transaction_id, step, status))`,
    "create index reports_by_age on reports (reported_at)",
    "create index reports_of_person on reports (distinct_id)",
  ];
}

const PEOPLE = [
  `create table cohort_members (
    workflow text not null, cohort bigint not null, distinct_id text not null, entered_at bigint not null,
    entry text not null, seen_at bigint not null,
    constraint cohort_members_once primary key (workflow, cohort, distinct_id))`,
  "create index cohort_members_due on cohort_members (workflow, cohort, distinct_id) where entry = 'due'",
  "create index cohort_members_by_age on cohort_members (seen_at)",
  "create index cohort_members_of_person on cohort_members (distinct_id)",
  `create table cohort_reads (
    workflow text not null, cohort bigint not null, read_at bigint not null,
    constraint cohort_reads_once primary key (workflow, cohort))`,

  "create table aliases (previous_id text primary key, current_id text not null, occurred_at text not null)",
  "create index aliases_current on aliases (current_id)",

  `create table profiles (
    distinct_id text primary key, occurred_at text not null, body text not null, is_doubtful integer not null,
    saved_at bigint not null)`,
  "create index profiles_by_age on profiles (saved_at, occurred_at)",

  `create table traits (
    distinct_id text not null, name text not null, value text not null, occurred_at text not null,
    saved_at bigint not null,
    constraint traits_once primary key (distinct_id, name))`,
  "create index traits_by_age on traits (saved_at, occurred_at)",

  `create table opt_outs (
    distinct_id text not null, topic text not null, at text not null, last_at text not null, is_out integer not null,
    cause text not null, transaction_id text, step text,
    constraint opt_outs_once primary key (distinct_id, topic, at, is_out))`,

  `create table bounces (
    distinct_id text not null, address_hash text not null, at text not null,
    constraint bounces_once primary key (distinct_id, address_hash))`,
];

function devices(id: string): string[] {
  return [
    `create table devices (
      ${id}, distinct_id text not null, provider text not null, integration text, token text not null,
      registered_at bigint not null,
      constraint devices_once unique (provider, token))`,
    "create index devices_of_person on devices (distinct_id, provider)",
  ];
}

const LIMITS = [
  "create table rate_limiters (name text primary key, next_at double precision not null)",
  "create table leases (name text primary key, next_at double precision not null)",
  "create table ended_sessions (id text primary key, expires_at bigint not null)",

  `create table sends (
    transaction_id text not null, step text not null, distinct_id text not null, asked_at bigint not null,
    reserved_at bigint, attempts integer not null,
    constraint sends_once primary key (transaction_id, step))`,
  "create index sends_by_age on sends (asked_at)",
  "create index sends_of_person on sends (distinct_id, reserved_at)",
];
