import type { RequestHandler } from "express";
import { z } from "zod";
import { invalid } from "./answers.ts";
import { answerAbsences, answerMembers, answerRemaining, type Refusal } from "./people-queries.ts";
import type { CapturedEvent, PostHogState } from "./state.ts";
import { inMicroseconds, MOST_ROWS, microseconds, PageValues, type Table, Time } from "./table.ts";

const Query = z.object({
  query: z.object({
    kind: z.literal("HogQLQuery"),
    query: z.string(),
    values: z.record(z.string(), z.unknown()).default({}),
  }),
  refresh: z.enum(["blocking", "force_blocking"]),
  name: z.string(),
});

/** By query name. Nothing here runs the HogQL; test/unit/sources/queries.test.ts checks it with PostHog's parser. */
const ANSWERS: Record<string, (values: unknown, state: PostHogState) => Table | Refusal | null> = {
  "posthog-novu-bridge absences": answerAbsences,
  "posthog-novu-bridge members": answerMembers,
  "posthog-novu-bridge remaining": answerRemaining,
  "posthog-novu-bridge history": answerHistory,
  "posthog-novu-bridge hours": answerHours,
  "posthog-novu-bridge newest": answerNewest,
};

const OFFSET_REFUSED =
  "OFFSET is not supported on queries made with a personal API key. For pagination, use keyset pagination on the `timestamp` column, e.g. `WHERE timestamp > :last_seen_timestamp ORDER BY timestamp LIMIT N`.";

/** The query API. It answers the bridge's queries by their name and values. */
export function answerQueries(stateNow: () => PostHogState): RequestHandler {
  return (request, response) => {
    const answer = answerTo(request.body);
    if ("refusal" in answer) response.status(400).json({ ...invalid(answer.refusal), attr: null });
    else response.json(answer);
  };

  function answerTo(body: unknown) {
    const request = Query.safeParse(body);
    if (!request.success) return { refusal: "not a HogQLQuery with a name" };
    const { name, query } = request.data;
    if (/\boffset\b/i.test(query.query)) return { refusal: OFFSET_REFUSED };
    const placeholders = [...query.query.matchAll(/{(\w+)}/g)].map(([, placeholder = ""]) => placeholder);
    const unresolved = placeholders.find((placeholder) => query.values[placeholder] === undefined);
    if (unresolved !== undefined) return { refusal: `Unresolved placeholder: {${unresolved}}` };

    const table = ANSWERS[name]?.(query.values, stateNow());
    if (table == null)
      return { refusal: `the local PostHog has no query of this name with these values: ${Object.keys(ANSWERS)}` };
    if ("refusal" in table) return table;
    // `hasMore` is null, because PostHog counts the remaining rows only for a query without a limit of its own.
    return { ...table, hasMore: null, hogql: query.query, is_cached: false };
  }
}

const HistoryValues = PageValues.extend({ events: z.array(z.string()) });
const Limited = z.strictObject({ since: Time, until: Time, limit: z.int().positive() });
const NewestValues = Limited.extend({ event: z.string() });
const HoursValues = Limited.extend({ events: z.array(z.string()) });

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

/** Answers with one page of events, oldest first. Times have microseconds; properties are JSON text. */
function answerHistory(values: unknown, { events }: PostHogState): Table | null {
  const read = HistoryValues.safeParse(values);
  return read.success ? { columns: COLUMNS, types: TYPES, results: page(events, read.data).map(rowOf) } : null;
}

/** Answers with the newest events of one name. */
function answerNewest(values: unknown, { events }: PostHogState): Table | null {
  const read = NewestValues.safeParse(values);
  if (!read.success) return null;
  const { event: name, limit } = read.data;
  const found = inPeriod(events, [name], read.data).sort((a, b) => b.at - a.at);
  return { columns: COLUMNS, types: TYPES, results: found.slice(0, limit).map(({ event }) => rowOf(event)) };
}

/** Answers with the hours in which events of these names happened, and the number of events in each. */
function answerHours(values: unknown, { events }: PostHogState): Table | null {
  const read = HoursValues.safeParse(values);
  if (!read.success) return null;
  const counts = new Map<string, number>();
  for (const { event } of inPeriod(events, read.data.events, read.data)) {
    const key = JSON.stringify([event.event, `${new Date(event.timestamp).toISOString().slice(0, 13)}:00:00Z`]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    columns: ["event", "hour", "number"],
    types: [
      ["event", "String"],
      ["hour", "DateTime('UTC')"],
      ["number", "UInt64"],
    ],
    results: [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, read.data.limit)
      .map(([key, count]) => [...JSON.parse(key), count]),
  };
}

function inPeriod(all: CapturedEvent[], names: string[], { since, until }: { since: string; until: string }) {
  return all
    .filter(({ event }) => names.includes(event))
    .map((event) => ({ event, at: microseconds(event.timestamp) }))
    .filter(({ at }) => at >= microseconds(since) && at < microseconds(until));
}

function rowOf({ uuid, event, distinctId, timestamp, properties, person }: CapturedEvent): unknown[] {
  return [
    uuid,
    event,
    distinctId,
    inMicroseconds(timestamp),
    JSON.stringify(properties),
    // A visitor without a profile has a person id, but no properties.
    person?.id ?? uuid,
    JSON.stringify(person?.properties ?? {}),
  ];
}

function page(
  all: CapturedEvent[],
  { events, from, until, after, limit }: z.infer<typeof HistoryValues>,
): CapturedEvent[] {
  const [first, end] = [microseconds(from), microseconds(until)];
  return all
    .filter(({ event }) => events.includes(event))
    .map((event) => ({ event, at: microseconds(event.timestamp) }))
    .filter(({ event, at }) => (at === first ? event.uuid > after : at > first) && at < end)
    .sort((a, b) => a.at - b.at || (a.event.uuid < b.event.uuid ? -1 : 1))
    .slice(0, Math.min(limit, MOST_ROWS))
    .map(({ event }) => event);
}
