import { z } from "zod";
import { SECOND_MS } from "../../lib/durations.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

/** A page of people by their last session, after (`from`, `after`); times as `inMicroseconds` writes them. */
export interface AbsencesValues {
  sessions: string[];
  since: string;
  from: string;
  after: string;
  until: string;
  limit: number;
}

/** A page of events by time, after (`from`, `after`). */
export interface HistoryValues {
  events: string[];
  from: string;
  after: string;
  until: string;
  limit: number;
}

/** The queries of this app, by name. Each throws a RetryLaterError or an UnavailableError when it may succeed later. */
export interface PostHogQueries {
  absences(values: AbsencesValues, signal: AbortSignal): Promise<AbsenceRow[]>;
  history(values: HistoryValues, signal: AbortSignal): Promise<HistoryRow[]>;
}

const ANSWER_WITHIN_MS = 30 * SECOND_MS;

/** Properties come as JSON text. */
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

const Time = z.iso.datetime({ offset: true });
/** distinct id, time of the last session, id of the person */
const AbsenceRow = z.tuple([z.string(), Time, z.string().min(1)]);
type AbsenceRow = z.output<typeof AbsenceRow>;
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
export type HistoryRow = z.output<typeof HistoryRow>;

/**
 * The HogQL of each query, with a placeholder for each value that changes from call to call.
 * Pages go by their last row, because PostHog refuses OFFSET to personal API keys; it compares microseconds.
 */
export const QUERIES = {
  /**
   * People whose last session was before `until`, by the distinct id of their newest session that was not
   * anonymous, as src/sources/posthog/event.ts reads it. Visitors who never were identified are left out.
   * Sessions are read from `since`; those after `until` show who is back.
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

/** Sends the queries to PostHog. Source: https://posthog.com/docs/api/queries */
export function createPostHogQueries(access: PostHogAccess): PostHogQueries {
  const call = createPostHogClient(access);
  const ask =
    <Row extends z.ZodType>(name: keyof PostHogQueries, { text, row }: { text: string; row: Row }) =>
    async (values: object, signal: AbortSignal): Promise<Array<z.output<Row>>> => {
      const { results } = await call({
        method: "POST",
        path: "/query/",
        // PostHog lists queries by their name; the local PostHog answers by it.
        body: {
          query: { kind: "HogQLQuery", query: text, values },
          refresh: "force_blocking",
          name: `posthog-novu-bridge ${name}`,
        },
        answer: z.object({ results: z.array(row) }),
        unreadable({ issues: [issue] }) {
          return `cannot be read: ${issue?.path.join(".") || "the body"}: ${issue?.message}`;
        },
        scope: "query:read",
        retryLaterOn: [502, 503, 504],
        signal,
        withinMs: ANSWER_WITHIN_MS,
      });
      return results;
    };
  return { absences: ask("absences", QUERIES.absences), history: ask("history", QUERIES.history) };
}

/** A time in UTC with microseconds, which PostHog compares; JavaScript's own times end at milliseconds. */
export function inMicroseconds(time: string | number): string {
  const beyondMilliseconds = /\.\d{3}(\d{1,3})/.exec(String(time))?.[1] ?? "";
  return new Date(time).toISOString().replace("Z", `${beyondMilliseconds.padEnd(3, "0")}Z`);
}
