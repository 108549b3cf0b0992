import { z } from "zod";
import { type AnswerShape, inMicroseconds, MOST_ROWS, microseconds, valuesOf } from "./query-shape.ts";
import type { CapturedEvent } from "./state.ts";

const Values = z.object({
  events: z.array(z.string()),
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  after: z.string(),
  limit: z.int().positive(),
});

/** Whatever its columns and its placeholders are called. */
const PAGE_OF_EVENTS = new RegExp(
  [
    String.raw`^select (?<columns>.+) from events where event in {(?<events>\w+)}`,
    String.raw`and timestamp >= toDateTime\({(?<from>\w+)}\) and timestamp < toDateTime\({(?<until>\w+)}\)`,
    String.raw`and \(timestamp > toDateTime\({\k<from>}\) or toString\(uuid\) > {(?<after>\w+)}\)`,
    String.raw`order by timestamp, toString\(uuid\) limit {(?<limit>\w+)}$`,
  ].join(" "),
);

/** A column as PostHog answers it: times with microseconds, properties as JSON text. */
const COLUMNS: Record<string, { type: string; of(event: CapturedEvent): unknown }> = {
  uuid: { type: "UUID", of: ({ uuid }) => uuid },
  event: { type: "String", of: ({ event }) => event },
  distinct_id: { type: "String", of: ({ distinctId }) => distinctId },
  timestamp: { type: "DateTime64(6, 'UTC')", of: ({ timestamp }) => inMicroseconds(timestamp) },
  properties: { type: "String", of: ({ properties }) => JSON.stringify(properties) },
  // A visitor without a profile still has an id, and nothing else.
  "person.id": { type: "UUID", of: ({ uuid, person }) => person?.id ?? uuid },
  "person.properties": { type: "String", of: ({ person }) => JSON.stringify(person?.properties ?? {}) },
};

/** Events by name and time, page by page. */
export const answerEvents: AnswerShape = ({ text, values, state }) => {
  const names =
    PAGE_OF_EVENTS.exec(text)
      ?.groups?.columns?.split(",")
      .map((name) => name.trim()) ?? [];
  const read = Values.safeParse(valuesOf(PAGE_OF_EVENTS, text, values));
  if (!read.success || names.some((name) => COLUMNS[name] === undefined)) return null;
  return {
    columns: names.map((name) => name.replace("person.", "")),
    types: names.map((name) => [name, COLUMNS[name]?.type ?? ""]),
    results: page(state.events, read.data).map((event) => names.map((name) => COLUMNS[name]?.of(event))),
  };
};

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
