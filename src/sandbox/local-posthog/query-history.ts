import { z } from "zod";
import { type AnswerQuery, inMicroseconds, MOST_ROWS, microseconds } from "./query-table.ts";
import type { CapturedEvent } from "./state.ts";

const Values = z.strictObject({
  events: z.array(z.string()),
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  after: z.string(),
  limit: z.int().positive(),
});

const COLUMNS = ["uuid", "event", "distinct_id", "timestamp", "properties", "id", "properties"];
const TYPES: Array<[string, string]> = [
  ["uuid", "UUID"],
  ["event", "String"],
  ["distinct_id", "String"],
  ["timestamp", "DateTime64(6, 'UTC')"],
  ["properties", "String"],
  ["person.id", "UUID"],
  ["person.properties", "String"],
];

/** A page of events by name and time: times with microseconds, properties as JSON text. */
export const answerHistory: AnswerQuery = (values, { events }) => {
  const read = Values.safeParse(values);
  return read.success ? { columns: COLUMNS, types: TYPES, results: page(events, read.data).map(rowOf) } : null;
};

function rowOf({ uuid, event, distinctId, timestamp, properties, person }: CapturedEvent): unknown[] {
  return [
    uuid,
    event,
    distinctId,
    inMicroseconds(timestamp),
    JSON.stringify(properties),
    // A visitor without a profile still has an id, and nothing else.
    person?.id ?? uuid,
    JSON.stringify(person?.properties ?? {}),
  ];
}

function page(all: CapturedEvent[], { events, from, until, after, limit }: z.infer<typeof Values>): CapturedEvent[] {
  const [first, end] = [microseconds(from), microseconds(until)];
  return all
    .filter(({ event }) => events.includes(event))
    .map((event) => ({ event, at: microseconds(event.timestamp) }))
    .filter(({ event, at }) => (at === first ? event.uuid > after : at > first) && at < end)
    .sort((a, b) => a.at - b.at || (a.event.uuid < b.event.uuid ? -1 : 1))
    .slice(0, Math.min(limit, MOST_ROWS))
    .map(({ event }) => event);
}
