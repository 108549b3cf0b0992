import { inMicroseconds, type PostHogQueries } from "./queries.ts";

/** A person without a session since `lastSeenAt`. */
export interface Absent {
  distinctId: string;
  /** ISO 8601 in UTC, to the millisecond */
  lastSeenAt: string;
}

/** The people whose last event of `sessions` was from `since` until just before `until`, milliseconds since 1970; page by page. */
export type ReadAbsent = (
  absence: { sessions: string[]; since: number; until: number },
  signal: AbortSignal,
) => AsyncGenerator<Absent[]>;

/** Each page makes PostHog read all sessions of the period again, so there should be few pages. */
const PAGE_SIZE = 5_000;

/** Reads from PostHog's query API who has been away. */
export function postHogAbsences(
  { absences }: Pick<PostHogQueries, "absences">,
  { pageSize = PAGE_SIZE }: { pageSize?: number } = {},
): ReadAbsent {
  return async function* read({ sessions, since, until }, signal) {
    const period = { sessions, since: inMicroseconds(since), until: inMicroseconds(until), limit: pageSize };
    let position = { from: period.since, after: "" };
    for (;;) {
      const rows = await absences({ ...period, ...position }, signal);
      yield rows.map(([distinctId, lastSeenAt]) => ({ distinctId, lastSeenAt: new Date(lastSeenAt).toISOString() }));
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      const next = { from: inMicroseconds(last[1]), after: last[2] };
      if (next.from + next.after <= position.from + position.after)
        throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
      position = next;
    }
  };
}
