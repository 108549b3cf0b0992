import { DAY_MS, HOUR_MS } from "../../lib/durations.ts";
import { type RetryOptions, withRetries } from "../../lib/service-client.ts";
import type { PostHogAccess } from "./client.ts";
import { createRunQuery, type HistoryRow } from "./hogql.ts";

/** A person without a session since `lastSeenAt`. */
export interface Absent {
  distinctId: string;
  /** ISO 8601 in UTC, to the millisecond */
  lastSeenAt: string;
}

/** A person in a cohort. */
export interface Member {
  /** The distinct id of the newest event that was not anonymous. */
  distinctId: string;
  /** The distinct ids of all such events. */
  ids: string[];
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

/** The start of an hour, in milliseconds since 1970, and the number of events in this hour. */
export interface EventHour {
  hour: number;
  count: number;
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

/** Each page makes PostHog read all sessions of the period again, so there should be few pages. */
const ABSENT_IN_PAGE = 5_000;
const MEMBERS_IN_PAGE = 5_000;
/** More ids would only make the query longer. */
const MOST_IDS_OF_MEMBER = 50;
const EVENTS_IN_PAGE = 500;
/** PostHog stores events by day, and stops a query after 10 s. */
const SLICE_MS = DAY_MS;
/** PostHog answers at most this many rows, and does not say that there are more. */
const MOST_ROWS = 50_000;

export type PostHogQueries = ReturnType<typeof createPostHogQueries>;

/**
 * The queries of this app to PostHog; `absences`, `members` and `history` answer page by page. Each throws a RetryLaterError or an
 * UnavailableError when it may succeed later.
 */
export function createPostHogQueries(access: PostHogAccess, { pageSize }: { pageSize?: number } = {}) {
  const ask = createRunQuery(access);
  return { absences, members, remaining, history, hours, newest };

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

  /** The people in the cohort who had an event since `since` that was not anonymous. */
  async function* members(
    { cohort, since }: { cohort: number; since: number },
    signal: AbortSignal,
  ): AsyncGenerator<Member[]> {
    const limit = pageSize ?? MEMBERS_IN_PAGE;
    for (let after = ""; ; ) {
      const rows = await ask("members", { cohort, since: inMicroseconds(since), after, limit }, signal);
      yield rows.map(([distinctId, ids]) => ({ distinctId, ids: ids.slice(0, MOST_IDS_OF_MEMBER) }));
      const last = rows.at(-1)?.[2];
      if (last === undefined || rows.length < limit) return;
      if (last <= after) throw new Error("PostHog answers the same page of a cohort again and again");
      after = last;
    }
  }

  /** Those of these distinct ids whose person is in the cohort now. */
  async function remaining(
    { cohort, ids }: { cohort: number; ids: string[] },
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const rows = await ask("remaining", { cohort, ids, limit: ids.length }, signal);
    return new Set(rows.map(([distinctId]) => distinctId));
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

  /** The hours in which events of these names happened, by name and in order, with the number of events in each. */
  async function hours(
    { events, since, until }: Period & { events: string[] },
    retries: RetryOptions,
  ): Promise<Map<string, EventHour[]>> {
    const found = new Map<string, EventHour[]>();
    const namesInCall = Math.floor(MOST_ROWS / Math.ceil((until - since) / HOUR_MS + 1));
    for (let at = 0; at < events.length; at += namesInCall) {
      const names = events.slice(at, at + namesInCall);
      const values = { events: names, since: inMicroseconds(since), until: inMicroseconds(until), limit: MOST_ROWS };
      const rows = await withRetries(() => ask("hours", values, retries.signal), retries);
      for (const [name, hour, count] of rows) {
        const hours = found.get(name) ?? [];
        hours.push({ hour: Date.parse(hour), count });
        found.set(name, hours);
      }
    }
    return found;
  }

  /** The newest events of one name, newest first. */
  async function newest(
    { event, since, until, limit }: Period & { event: string; limit: number },
    retries: RetryOptions,
  ): Promise<PastEvent[]> {
    const values = { event, since: inMicroseconds(since), until: inMicroseconds(until), limit };
    return (await withRetries(() => ask("newest", values, retries.signal), retries)).map(eventOf);
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
