import { z } from "zod";
import { DAY_MS } from "../../lib/durations.ts";
import { type RetryOptions, withRetries } from "../../lib/with-retries.ts";
import { hogQL, inMicroseconds, type QueryAccess } from "./hogql.ts";

/** An event that PostHog has. */
export interface PastEvent {
  uuid: string;
  name: string;
  distinctId: string;
  /** ISO 8601 in UTC */
  occurredAt: string;
  /** What PostHog's webhook says of it. */
  body: string;
}

export interface PageOfHistory {
  events: PastEvent[];
  /** Everything that happened before then has been read; milliseconds since 1970. */
  readUntil: number;
}

/** The events of these names that happened from `since` until just before `until`, milliseconds since 1970, by and by. */
export type ReadHistory = (
  period: { events: string[]; since: number; until: number },
  retries: RetryOptions,
) => AsyncGenerator<PageOfHistory>;

/**
 * The next page after (`from`, `after`). PostHog keeps microseconds, and the events of one moment
 * go by their uuid, so that a page can end among them. It refuses OFFSET to personal API keys.
 */
const QUERY = `
select uuid, event, distinct_id, timestamp, properties, person.id, person.properties
from events
where event in {events}
  and timestamp >= toDateTime({from}) and timestamp < toDateTime({until})
  and (timestamp > toDateTime({from}) or toString(uuid) > {after})
order by timestamp, toString(uuid)
limit {limit}`;

/** PostHog finds events by day, and gives a query 10 s. */
const SLICE_MS = DAY_MS;
const PAGE_SIZE = 500;

/** PostHog answers properties as text. */
const Properties = z
  .preprocess((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      context.issues.push({ code: "custom", message: "is not JSON", input: "" });
    }
  }, z.record(z.string(), z.unknown()).nullable())
  .transform((properties) => properties ?? {});

const Row = z.tuple([
  z.string().min(1),
  z.string(),
  z.string(),
  z.iso.datetime({ offset: true }),
  Properties,
  z.string().nullable(),
  Properties,
]);

/** Reads events from PostHog's query API. */
export function postHogHistory({ pageSize = PAGE_SIZE, ...access }: QueryAccess & { pageSize?: number }): ReadHistory {
  const ask = hogQL({ access, name: "reconcile", query: QUERY, row: Row });

  return async function* read({ events, since, until }, retries) {
    for (let from = since; from < until; from += SLICE_MS)
      yield* slice({ events, since: from, until: Math.min(from + SLICE_MS, until) }, retries);
  };

  async function* slice(
    { events, since, until }: { events: string[]; since: number; until: number },
    retries: RetryOptions,
  ): AsyncGenerator<PageOfHistory> {
    let place = { from: inMicroseconds(since), after: "" };
    for (;;) {
      const values = { events, ...place, until: inMicroseconds(until), limit: pageSize };
      const rows = await withRetries(() => ask(values, retries.signal), retries);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) {
        yield { events: rows.map(eventOf), readUntil: until };
        return;
      }
      const [uuid, , , timestamp] = last;
      const next = { from: inMicroseconds(timestamp), after: uuid };
      if (next.from + next.after <= place.from + place.after)
        throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
      yield { events: rows.map(eventOf), readUntil: Date.parse(timestamp) };
      place = next;
    }
  }
}

function eventOf([uuid, name, distinctId, timestamp, properties, personId, personProperties]: z.infer<
  typeof Row
>): PastEvent {
  const occurredAt = new Date(timestamp).toISOString();
  const event = { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt };
  const person = personId === null ? null : { id: personId, properties: personProperties };
  return { uuid, name, distinctId, occurredAt, body: JSON.stringify({ event, person }) };
}
