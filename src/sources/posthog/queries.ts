import { z } from "zod";
import { DAY_MS, SECOND_MS } from "../../lib/durations.ts";
import { parseJson } from "../../lib/json.ts";
import { type RetryOptions, withRetries } from "../../lib/service-client.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

/** A person without a session since `lastSeenAt`. */
export interface Absent {
  distinctId: string;
  /** ISO 8601 in UTC, to the millisecond */
  lastSeenAt: string;
}

/** An event that PostHog has. */
export interface PastEvent {
  uuid: string;
  name: string;
  distinctId: string;
  /** ISO 8601 in UTC */
  occurredAt: string;
  /** The body that PostHog's webhook would send. */
  body: string;
}

export interface PageOfHistory {
  events: PastEvent[];
  /** All events before this time have been read; milliseconds since 1970. */
  readUntil: number;
}

/** From `since` until just before `until`, in milliseconds since 1970. */
interface Period {
  since: number;
  until: number;
}

/** The end of the previous page: its last time, as `inMicroseconds` writes it, and the id of its last row. */
interface Position {
  from: string;
  after: string;
}

const ANSWER_WITHIN_MS = 30 * SECOND_MS;
/** Each page makes PostHog read all sessions of the period again, so there should be few pages. */
const ABSENT_IN_PAGE = 5_000;
const EVENTS_IN_PAGE = 500;
/** PostHog stores events by day, and stops a query after 10 s. */
const SLICE_MS = DAY_MS;

/** PostHog answers properties as JSON text. */
const Properties = z
  .preprocess((value, context) => {
    if (typeof value !== "string") return value;
    const json = parseJson(value);
    if (json === undefined) context.issues.push({ code: "custom", message: "is not JSON", input: "" });
    return json;
  }, z.record(z.string(), z.unknown()).nullable())
  .transform((properties) => properties ?? {});

const Time = z.iso.datetime({ offset: true });
/** distinct id, time of the last session, id of the person */
const AbsenceRow = z.tuple([z.string(), Time, z.string().min(1)]);
/** uuid, event, distinct id, time, properties, id of the person, person properties */
const HistoryRow = z.tuple([
  z.string().min(1),
  z.string(),
  z.string(),
  Time,
  Properties,
  z.string().nullable(),
  Properties,
]);
type HistoryRow = z.output<typeof HistoryRow>;

/**
 * The HogQL of each query, with a placeholder for each value that changes from call to call. A page starts after the
 * last row of the page before, because PostHog refuses OFFSET for personal API keys. PostHog compares microseconds.
 */
export const QUERIES = {
  /**
   * People whose last session was before `until`, with the distinct id of their newest session that was not anonymous
   * (by the rule of src/sources/posthog/event.ts). Visitors who were never identified are left out. Sessions are read
   * from `since`; sessions after `until` show the people who have come back.
   */
  absences: {
    row: AbsenceRow,
    text: `
select argMaxIf(distinct_id, timestamp, is_identified), max(timestamp) as last_seen_at, toString(person_id) as person_key
from (
  select person_id, distinct_id, timestamp,
    JSONExtractRaw(properties, '$process_person_profile') != 'false'
      and JSONExtractRaw(properties, '$is_identified') != 'false'
      and (JSONExtractRaw(properties, '$is_identified') = 'true'
        or JSONExtractString(properties, '$device_id') != distinct_id) as is_identified
  from events
  where event in {sessions} and timestamp >= toDateTime({since})
)
group by person_id
having countIf(is_identified) > 0
  and last_seen_at >= toDateTime({from}) and last_seen_at < toDateTime({until})
  and (last_seen_at > toDateTime({from}) or person_key > {after})
order by last_seen_at, person_key
limit {limit}`,
  },
  /** Events of these names, by time and then by uuid, so that a page can end among the events of one moment. */
  history: {
    row: HistoryRow,
    text: `
select uuid, event, distinct_id, timestamp, properties, person.id, person.properties
from events
where event in {events}
  and timestamp >= toDateTime({from}) and timestamp < toDateTime({until})
  and (timestamp > toDateTime({from}) or toString(uuid) > {after})
order by timestamp, toString(uuid)
limit {limit}`,
  },
} as const;

export type PostHogQueries = ReturnType<typeof createPostHogQueries>;

/**
 * The queries of this app to PostHog, page by page. Each throws a RetryLaterError or an UnavailableError when it may
 * succeed later. Source: https://posthog.com/docs/api/queries
 */
export function createPostHogQueries(access: PostHogAccess, { pageSize }: { pageSize?: number } = {}) {
  const call = createPostHogClient(access);
  return { absences, history };

  /** The people whose last event of `sessions` was in the period. */
  async function* absences(
    { sessions, since, until }: Period & { sessions: string[] },
    signal: AbortSignal,
  ): AsyncGenerator<Absent[]> {
    const limit = pageSize ?? ABSENT_IN_PAGE;
    const values = { sessions, since: inMicroseconds(since), until: inMicroseconds(until), limit };
    let position: Position = { from: values.since, after: "" };
    for (;;) {
      const rows = await ask("absences", { ...values, ...position }, signal);
      yield rows.map(([distinctId, lastSeenAt]) => ({ distinctId, lastSeenAt: new Date(lastSeenAt).toISOString() }));
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return;
      position = positionAfter(position, { from: inMicroseconds(last[1]), after: last[2] });
    }
  }

  /** The events of these names that happened in the period. */
  async function* history(
    { events, since, until }: Period & { events: string[] },
    retries: RetryOptions,
  ): AsyncGenerator<PageOfHistory> {
    for (let from = since; from < until; from += SLICE_MS)
      yield* slice({ events, since: from, until: Math.min(from + SLICE_MS, until) }, retries);
  }

  async function* slice(
    { events, since, until }: Period & { events: string[] },
    retries: RetryOptions,
  ): AsyncGenerator<PageOfHistory> {
    const limit = pageSize ?? EVENTS_IN_PAGE;
    let position: Position = { from: inMicroseconds(since), after: "" };
    for (;;) {
      const values = { events, ...position, until: inMicroseconds(until), limit };
      const rows = await withRetries(() => ask("history", values, retries.signal), retries);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) {
        yield { events: rows.map(eventOf), readUntil: until };
        return;
      }
      const [uuid, , , timestamp] = last;
      position = positionAfter(position, { from: inMicroseconds(timestamp), after: uuid });
      yield { events: rows.map(eventOf), readUntil: Date.parse(timestamp) };
    }
  }

  async function ask<Name extends keyof typeof QUERIES>(
    name: Name,
    values: object,
    signal: AbortSignal,
  ): Promise<Array<z.output<(typeof QUERIES)[Name]["row"]>>> {
    const { text, row } = QUERIES[name];
    const { results } = await call({
      method: "POST",
      path: "/query/",
      // PostHog lists queries by their name. The PostHog of the sandbox chooses its answer by the name.
      body: {
        query: { kind: "HogQLQuery", query: text, values },
        refresh: "force_blocking",
        name: `posthog-novu-bridge ${name}`,
      },
      answer: z.object({ results: z.array<(typeof QUERIES)[Name]["row"]>(row) }),
      unreadable({ issues: [issue] }) {
        return `cannot be read: ${issue?.path.join(".") || "the body"}: ${issue?.message}`;
      },
      scope: "query:read",
      retryLaterOn: [502, 503, 504],
      signal,
      withinMs: ANSWER_WITHIN_MS,
    });
    return results;
  }
}

function positionAfter(before: Position, next: Position): Position {
  if (next.from + next.after <= before.from + before.after)
    throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
  return next;
}

function eventOf([uuid, name, distinctId, timestamp, properties, personId, personProperties]: HistoryRow): PastEvent {
  const occurredAt = new Date(timestamp).toISOString();
  const event = { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt };
  const person = personId === null ? null : { id: personId, properties: personProperties };
  return { uuid, name, distinctId, occurredAt, body: JSON.stringify({ event, person }) };
}

/** A time in UTC with microseconds, which PostHog compares; JavaScript's own times end at milliseconds. */
function inMicroseconds(time: string | number): string {
  const beyondMilliseconds = /\.\d{3}(\d{1,3})/.exec(String(time))?.[1] ?? "";
  return new Date(time).toISOString().replace("Z", `${beyondMilliseconds.padEnd(3, "0")}Z`);
}
