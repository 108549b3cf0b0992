import { z } from "zod";
import { hogQL, inMicroseconds, type QueryAccess } from "./hogql.ts";

/** Somebody who has not been seen since. */
export interface Absent {
  distinctId: string;
  /** ISO 8601 in UTC, to the millisecond */
  lastSeenAt: string;
}

/** Those who did one of these events from `since` until just before `until`, milliseconds since 1970, and none later; page by page. */
export type ReadAbsent = (
  absence: { sessions: string[]; since: number; until: number },
  signal: AbortSignal,
) => AsyncGenerator<Absent[]>;

/**
 * The next page after (`from`, `after`) of the persons whose last session was before `until`, by the
 * distinct id of their newest session that was not anonymous: what PostHog says of an event, in the
 * order in which src/routing/identity.ts reads it. Visitors who never were anyone are not answered.
 * `since` is where events are looked at from; the sessions after `until` are what tells who is back.
 */
const QUERY = `
select argMaxIf(distinct_id, timestamp, is_identified), max(timestamp) as last_seen_at, toString(person_id) as person_key
from (
  select person_id, distinct_id, timestamp,
    JSONExtractRaw(properties, {person_profile}) != {no}
      and JSONExtractRaw(properties, {is_identified}) != {no}
      and (JSONExtractRaw(properties, {is_identified}) = {yes}
        or JSONExtractString(properties, {device_id}) != distinct_id) as is_identified
  from events
  where event in {sessions} and timestamp >= toDateTime({since})
)
group by person_id
having countIf(is_identified) > 0
  and last_seen_at >= toDateTime({from}) and last_seen_at < toDateTime({until})
  and (last_seen_at > toDateTime({from}) or person_key > {after})
order by last_seen_at, person_key
limit {limit}`;

const NAMES = {
  person_profile: "$process_person_profile",
  is_identified: "$is_identified",
  device_id: "$device_id",
  yes: "true",
  no: "false",
};

/** Each page goes through the sessions of the whole time again, so there had better be few. */
const PAGE_SIZE = 5_000;

const Row = z.tuple([z.string(), z.iso.datetime({ offset: true }), z.string().min(1)]);

/** Asks PostHog's query API who has been away. */
export function postHogAbsences({ pageSize = PAGE_SIZE, ...access }: QueryAccess & { pageSize?: number }): ReadAbsent {
  const ask = hogQL({ access, name: "inactivity", query: QUERY, row: Row });

  return async function* read({ sessions, since, until }, signal) {
    const fixed = { ...NAMES, sessions, since: inMicroseconds(since), until: inMicroseconds(until), limit: pageSize };
    let place = { from: fixed.since, after: "" };
    for (;;) {
      const rows = await ask({ ...fixed, ...place }, signal);
      yield rows.map(([distinctId, lastSeenAt]) => ({ distinctId, lastSeenAt: new Date(lastSeenAt).toISOString() }));
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      const next = { from: inMicroseconds(last[1]), after: last[2] };
      if (next.from + next.after <= place.from + place.after)
        throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
      place = next;
    }
  };
}
