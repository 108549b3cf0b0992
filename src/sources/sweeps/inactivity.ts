import { USER_INACTIVE } from "../../contracts/event.ts";
import type { Absence } from "../../contracts/workflow.ts";
import type { DailyRun } from "../../lib/daily.ts";
import { DAY_MS } from "../../lib/durations.ts";
import type { Log } from "../../lib/log.ts";
import { uuidV5 } from "../event-fields.ts";
import type { Absent, PostHogQueries } from "../posthog/queries.ts";
import { AT_ONCE, createIngestFound, type Found, type SweepParts, type SweptEvent } from "./ingest-found.ts";

/** How far back a sweep covers missed days, for a workflow without a time limit for its start. */
const CATCH_UP_MS = 7 * DAY_MS;

interface Watched {
  id: string;
  absences: Absence[];
  startWithinMs: number | null;
}

/** Our own record of the sessions that PostHog forwards. */
interface OwnRecord {
  /** The last session of these people, ISO 8601 by distinct id. People without a session are absent. */
  lastSeen(workflow: string, distinctIds: string[]): Promise<Map<string, string>>;
  /** The people with a last session from `since` until just before `until`, milliseconds since 1970; page by page. */
  absent(workflow: string, period: { since: number; until: number }): AsyncGenerator<Absent[]>;
}

/**
 * Finds inactive people, for whom no source sends an event, and ingests an event for each. The same absence always
 * makes the same event, so a second sweep, also by another process, changes nothing.
 */
export function createInactivitySweep({
  workflows,
  readAbsent,
  own,
  now,
  log,
  ...parts
}: SweepParts & {
  workflows: Watched[];
  /** Null without PostHog; then only our own record is read. */
  readAbsent: PostHogQueries["absences"] | null;
  own: OwnRecord;
  now(): number;
  log: Log;
}): (run: DailyRun) => Promise<void> {
  const ingestFound = createIngestFound(parts);
  return async (run) => {
    const troubles: unknown[] = [];
    for (const workflow of workflows)
      for (const absence of workflow.absences) {
        run.signal.throwIfAborted();
        await sweep(workflow, absence, run).catch((error: unknown) => troubles.push(error));
      }
    if (troubles.length > 0) throw troubles[0];
  };

  async function sweep({ id, startWithinMs }: Watched, { days, sessions }: Absence, run: DailyRun): Promise<void> {
    const until = now() - days * DAY_MS;
    // A longer absence would be too late to start.
    const since = until - (startWithinMs ?? CATCH_UP_MS);
    const sum = { found: 0, started: 0 };
    let trouble: unknown = null;
    for await (const page of pages())
      for (let at = 0; at < page.length; at += AT_ONCE) {
        const { found, started } = await bring(page.slice(at, at + AT_ONCE), { workflow: id, days, until }, run);
        sum.found += found;
        sum.started += started;
      }
    const source = trouble === null && readAbsent !== null ? "posthog" : "own record";
    log.info({ component: "sources", outcome: "swept", workflow: id, daysInactive: days, source, ...sum });
    if (trouble !== null) throw trouble;

    /**
     * After a failure of PostHog, our own record is read. It has only people with forwarded sessions; a later sweep
     * finds the others.
     */
    async function* pages(): AsyncGenerator<Absent[]> {
      if (readAbsent === null) return yield* own.absent(id, { since, until });
      try {
        yield* readAbsent({ sessions, since, until }, run.signal);
      } catch (error) {
        run.signal.throwIfAborted();
        trouble = error;
        yield* own.absent(id, { since, until });
      }
    }
  }

  async function bring(
    people: Absent[],
    { workflow, days, until }: { workflow: string; days: number; until: number },
    { signal, renew }: DailyRun,
  ): Promise<Found> {
    signal.throwIfAborted();
    await renew();
    const distinctIds = people.map(({ distinctId }) => distinctId);
    const seenHere = await own.lastSeen(workflow, distinctIds);
    const events = people
      .map(({ distinctId, lastSeenAt }) => {
        const here = seenHere.get(distinctId);
        return { distinctId, lastSeenAt: here !== undefined && here > lastSeenAt ? here : lastSeenAt };
      })
      .filter(({ lastSeenAt }) => Date.parse(lastSeenAt) < until)
      .map((absent) => eventOf(absent, workflow, days));
    return ingestFound(events, signal);
  }
}

/** The event of an absence of `days` days, which occurs at the end of the last day. */
function eventOf({ distinctId, lastSeenAt }: Absent, workflow: string, days: number): SweptEvent {
  return {
    uuid: uuidV5(JSON.stringify([USER_INACTIVE, workflow, distinctId, lastSeenAt, days])),
    name: USER_INACTIVE,
    distinctId,
    occurredAt: new Date(Date.parse(lastSeenAt) + days * DAY_MS).toISOString(),
    properties: { days_inactive: days, last_seen_at: lastSeenAt, swept_for: workflow },
  };
}
