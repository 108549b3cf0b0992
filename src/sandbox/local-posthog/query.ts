import type { RequestHandler } from "express";
import { z } from "zod";
import type { CapturedEvent, PostHogState } from "./state.ts";

const Query = z.object({
  query: z.object({
    kind: z.literal("HogQLQuery"),
    query: z.string(),
    values: z.record(z.string(), z.unknown()).default({}),
  }),
  refresh: z.enum(["blocking", "force_blocking"]),
  name: z.string().optional(),
});

const Values = z.object({
  events: z.array(z.string()),
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  after: z.string(),
  limit: z.int().positive(),
});

/** The one question it understands, whatever its columns and its placeholders are called. */
const PAGE_OF_EVENTS = new RegExp(
  [
    String.raw`^select (?<columns>.+) from events where event in {(?<events>\w+)}`,
    String.raw`and timestamp >= toDateTime\({(?<from>\w+)}\) and timestamp < toDateTime\({(?<until>\w+)}\)`,
    String.raw`and \(timestamp > toDateTime\({\k<from>}\) or toString\(uuid\) > {(?<after>\w+)}\)`,
    String.raw`order by timestamp, toString\(uuid\) limit {(?<limit>\w+)}$`,
  ].join(" "),
);

/** More is cut off without a word. */
const MOST_ROWS = 50_000;

const OFFSET_REFUSED =
  "OFFSET is not supported on queries made with a personal API key. For pagination, use keyset pagination on the `timestamp` column, e.g. `WHERE timestamp > :last_seen_timestamp ORDER BY timestamp LIMIT N`.";

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

/** The query API, for reading events page by page; what varies has to come as `values`. */
export function queryEvents({ state }: { state: PostHogState }): RequestHandler {
  return (request, response) => {
    const answer = answerTo(request.body);
    if ("refusal" in answer)
      response
        .status(400)
        .json({ type: "validation_error", code: "invalid_input", detail: answer.refusal, attr: null });
    else response.json(answer);
  };

  function answerTo(body: unknown) {
    const asked = Query.safeParse(body);
    if (!asked.success) return { refusal: "not a HogQLQuery" };
    const { query, values } = asked.data.query;
    if (/\boffset\b/i.test(query)) return { refusal: OFFSET_REFUSED };
    if (/['"`]/.test(query)) return { refusal: "the local PostHog takes no quoted text in a query; send it in values" };

    const named = [...query.matchAll(/{(\w+)}/g)].map(([, name = ""]) => name);
    const unresolved = named.find((name) => values[name] === undefined);
    if (unresolved !== undefined) return { refusal: `Unresolved placeholder: {${unresolved}}` };

    const { columns = "", ...places } = PAGE_OF_EVENTS.exec(query.replace(/\s+/g, " ").trim())?.groups ?? {};
    const read = Values.safeParse(Object.fromEntries(Object.entries(places).map(([use, name]) => [use, values[name]])));
    const names = columns.split(",").map((name) => name.trim());
    if (!read.success || names.some((name) => COLUMNS[name] === undefined))
      return { refusal: "the local PostHog understands only pages of events by name and time" };

    return {
      columns: names.map((name) => name.replace("person.", "")),
      types: names.map((name) => [name, COLUMNS[name]?.type]),
      results: page(read.data).map((event) => names.map((name) => COLUMNS[name]?.of(event))),
      // PostHog counts what is left only when the query has no limit of its own.
      hasMore: null,
      hogql: query,
      is_cached: false,
    };
  }

  function page({ events, from, until, after, limit }: z.infer<typeof Values>): CapturedEvent[] {
    const [first, end] = [microseconds(from), microseconds(until)];
    return state.events
      .filter(({ event }) => events.includes(event))
      .map((event) => ({ event, at: microseconds(event.timestamp) }))
      .filter(({ event, at }) => (at === first ? event.uuid > after : at > first) && at < end)
      .sort((a, b) => a.at - b.at || (a.event.uuid < b.event.uuid ? -1 : 1))
      .slice(0, Math.min(limit, MOST_ROWS))
      .map(({ event }) => event);
  }
}

function microseconds(time: string): number {
  return Date.parse(time) * 1000 + Number(beyondMilliseconds(time));
}

/** As Python writes it, which leaves out a fraction of nothing. */
function inMicroseconds(time: string): string {
  const text = new Date(time).toISOString().replace("Z", `${beyondMilliseconds(time)}Z`);
  return text.replace(".000000", "");
}

function beyondMilliseconds(time: string): string {
  return (/\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "").padEnd(3, "0");
}
