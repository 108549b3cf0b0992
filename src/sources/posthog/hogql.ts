import { z } from "zod";
import { SECOND_MS } from "../../lib/durations.ts";
import { parseJson } from "../../lib/json.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

const ANSWER_WITHIN_MS = 30 * SECOND_MS;

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
/** distinct id, all distinct ids, id of the person */
const MemberRow = z.tuple([z.string(), z.array(z.string()), z.string().min(1)]);
/** distinct id */
const DistinctIdRow = z.tuple([z.string()]);
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
/** name, hour, number of events */
const HoursRow = z.tuple([z.string(), Time, z.number()]);

/** Whether an event is not anonymous, by the rule of src/sources/posthog/event.ts. */
const IS_IDENTIFIED = `JSONExtractRaw(properties, '$process_person_profile') != 'false'
      and JSONExtractRaw(properties, '$is_identified') != 'false'
      and (JSONExtractRaw(properties, '$is_identified') = 'true'
        or JSONExtractString(properties, '$device_id') != distinct_id)`;

/**
 * The HogQL of each query, with a placeholder for each value that changes from call to call. A page starts after the
 * last row of the page before, because PostHog refuses OFFSET for personal API keys. PostHog compares microseconds.
 */
export const QUERIES = {
  /**
   * People whose last session was before `until`, with the distinct id of their newest session that was not anonymous.
   * Visitors who were never identified are left out. Sessions are read
   * from `since`; sessions after `until` show the people who have come back.
   */
  absences: {
    row: AbsenceRow,
    text: `
select argMaxIf(distinct_id, timestamp, is_identified), max(timestamp) as last_seen_at, toString(person_id) as person_key
from (
  select person_id, distinct_id, timestamp, ${IS_IDENTIFIED} as is_identified
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
  /**
   * The people in a cohort with an event since `since` that was not anonymous: the distinct id of the newest such event,
   * and those of all of them. PostHog refuses the query if the cohort does not exist or is deleted.
   */
  members: {
    row: MemberRow,
    text: `
select argMaxIf(distinct_id, timestamp, is_identified), groupUniqArrayIf(distinct_id, is_identified),
  toString(person_id) as person_key
from (
  select person_id, distinct_id, timestamp, ${IS_IDENTIFIED} as is_identified
  from events
  where person_id in cohort {cohort} and timestamp >= toDateTime({since}) and toString(person_id) > {after}
)
group by person_id
having countIf(is_identified) > 0
order by person_key
limit {limit}`,
  },
  /** Those of these distinct ids whose person is in the cohort, with or without an event. */
  remaining: {
    row: DistinctIdRow,
    text: `
select distinct_id
from person_distinct_ids
where distinct_id in {ids} and person_id in cohort {cohort}
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
  /** The hours in which events of these names happened. */
  hours: {
    row: HoursRow,
    text: `
select event, toStartOfHour(timestamp) as hour, count() as number
from events
where event in {events} and timestamp >= toDateTime({since}) and timestamp < toDateTime({until})
group by event, hour
order by event, hour
limit {limit}`,
  },
  /** The newest events of one name. */
  newest: {
    row: HistoryRow,
    text: `
select uuid, event, distinct_id, timestamp, properties, person.id, person.properties
from events
where event = {event} and timestamp >= toDateTime({since}) and timestamp < toDateTime({until})
order by timestamp desc
limit {limit}`,
  },
} as const;

type Rows<Name extends keyof typeof QUERIES> = Array<z.output<(typeof QUERIES)[Name]["row"]>>;

/** Runs a query by its name. Throws a RetryLaterError or an UnavailableError when it may succeed later. */
export type RunQuery = <Name extends keyof typeof QUERIES>(
  name: Name,
  values: object,
  signal: AbortSignal,
) => Promise<Rows<Name>>;

/** Source: https://posthog.com/docs/api/queries */
export function createRunQuery(access: PostHogAccess): RunQuery {
  const call = createPostHogClient(access);
  return async <Name extends keyof typeof QUERIES>(name: Name, values: object, signal: AbortSignal) => {
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
  };
}
