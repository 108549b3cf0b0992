import { DAY_MS } from "../../lib/durations.ts";
import { type RetryOptions, withRetries } from "../../lib/service-client.ts";
import { type HistoryRow, inMicroseconds, type PostHogQueries } from "./queries.ts";

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

/** The events of these names that happened from `since` until just before `until`, milliseconds since 1970, page by page. */
export type ReadHistory = (
  period: { events: string[]; since: number; until: number },
  retries: RetryOptions,
) => AsyncGenerator<PageOfHistory>;

/** PostHog stores events by day, and stops a query after 10 s. */
const SLICE_MS = DAY_MS;
const PAGE_SIZE = 500;

/** Reads events from PostHog's query API. */
export function postHogHistory(
  { history }: Pick<PostHogQueries, "history">,
  { pageSize = PAGE_SIZE }: { pageSize?: number } = {},
): ReadHistory {
  return async function* read({ events, since, until }, retries) {
    for (let from = since; from < until; from += SLICE_MS)
      yield* slice({ events, since: from, until: Math.min(from + SLICE_MS, until) }, retries);
  };

  async function* slice(
    { events, since, until }: { events: string[]; since: number; until: number },
    retries: RetryOptions,
  ): AsyncGenerator<PageOfHistory> {
    let position = { from: inMicroseconds(since), after: "" };
    for (;;) {
      const values = { events, ...position, until: inMicroseconds(until), limit: pageSize };
      const rows = await withRetries(() => history(values, retries.signal), retries);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) {
        yield { events: rows.map(eventOf), readUntil: until };
        return;
      }
      const [uuid, , , timestamp] = last;
      const next = { from: inMicroseconds(timestamp), after: uuid };
      if (next.from + next.after <= position.from + position.after)
        throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
      yield { events: rows.map(eventOf), readUntil: Date.parse(timestamp) };
      position = next;
    }
  }
}

function eventOf([uuid, name, distinctId, timestamp, properties, personId, personProperties]: HistoryRow): PastEvent {
  const occurredAt = new Date(timestamp).toISOString();
  const event = { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt };
  const person = personId === null ? null : { id: personId, properties: personProperties };
  return { uuid, name, distinctId, occurredAt, body: JSON.stringify({ event, person }) };
}
