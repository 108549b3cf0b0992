import type { LifecycleEvent } from "../contracts/event.ts";
import { type Absence, USER_INACTIVE } from "../contracts/inactivity.ts";
import type { PersonRead, ReadPersons } from "../contracts/person.ts";
import type { DailyRun } from "../lib/daily.ts";
import { DAY_MS } from "../lib/durations.ts";
import type { Log } from "../lib/log.ts";
import { uuidV5 } from "../lib/uuid-v5.ts";
import type { Accept } from "./ingest.ts";
import type { Absent, ReadAbsent } from "./posthog/absences.ts";

/** For how long a sweep that could not be done is made up for, where a run may begin at any time. Whoever left years ago is left alone. */
const CATCH_UP_MS = 7 * DAY_MS;
/** As many people as PostHog tells about in one call; also how many are written at once. */
const AT_ONCE = 200;
const ANSWER_WITHIN_MS = 30_000;

interface Watched {
  id: string;
  absences: Absence[];
  startWithinMs: number | null;
}

/** What was recorded here of the sessions that PostHog forwards. */
interface OwnRecord {
  /** When these people were last seen, ISO 8601 by distinct id; nothing for those who never were. */
  lastSeen(workflow: string, distinctIds: string[]): Promise<Map<string, string>>;
  /** Those last seen from `since` until just before `until`, milliseconds since 1970; page by page. */
  absent(workflow: string, period: { since: number; until: number }): AsyncGenerator<Absent[]>;
}

/**
 * Tells of people who are away, whom no event tells of: finds them, and brings each by the door that
 * the webhook uses. The same absence always makes the same event, so that to sweep again, or in two
 * processes at once, changes nothing.
 */
export function createInactivitySweep({
  workflows,
  readAbsent,
  own,
  readPersons,
  knownEvents,
  accept,
  count,
  now,
  log,
}: {
  workflows: Watched[];
  /** Null without PostHog, where the own record is all there is. */
  readAbsent: ReadAbsent | null;
  own: OwnRecord;
  /** Null where nobody can be asked for persons. */
  readPersons: ReadPersons | null;
  /** Those of the events that have come before, whatever came of them. */
  knownEvents(uuids: string[]): Promise<string[]>;
  accept: Accept;
  /** Hears how many people were found who were not before, and how many of them an event was kept of. */
  count(what: "found" | "started", people: number): void;
  now(): number;
  log: Log;
}): (run: DailyRun) => Promise<void> {
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
    // Who has been away for longer than that would be too late to start.
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
    log.info({ component: "inactivity", outcome: "swept", workflow: id, daysInactive: days, source, ...sum });
    if (trouble !== null) throw trouble;

    /** Whose sessions are forwarded need not wait until PostHog can be asked; the others are made up for. */
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
  ) {
    signal.throwIfAborted();
    await renew();
    const seenHere = await own.lastSeen(
      workflow,
      people.map(({ distinctId }) => distinctId),
    );
    const events = people
      .map(({ distinctId, lastSeenAt }) => {
        const here = seenHere.get(distinctId);
        return { distinctId, lastSeenAt: here !== undefined && here > lastSeenAt ? here : lastSeenAt };
      })
      .filter(({ lastSeenAt }) => Date.parse(lastSeenAt) < until)
      .map((absent) => eventOf(absent, workflow, days));
    const known = new Set(await knownEvents(events.map(({ uuid }) => uuid)));
    const fresh = events.filter(({ uuid }) => !known.has(uuid));
    if (fresh.length === 0) return { found: 0, started: 0 };

    const outcomes = await Promise.all((await withPersons(fresh, signal)).map((event) => accept(event, bodyOf(event))));
    const started = outcomes.filter(({ outcome }) => outcome === "accepted").length;
    count("found", fresh.length);
    count("started", started);
    return { found: fresh.length, started };
  }

  /** As they are now, and not as of an event of long ago. Who has been forgotten is left alone. */
  async function withPersons(events: LifecycleEvent[], signal: AbortSignal): Promise<LifecycleEvent[]> {
    if (readPersons === null) return events;
    const persons = await readPersons(
      events.map(({ distinctId }) => distinctId),
      AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    );
    return events.flatMap((event) => {
      const person = persons.get(event.distinctId);
      return person === undefined ? [] : { ...event, personProperties: asRead(person) };
    });
  }
}

/** With something that no type reads in the place of each value that could not be read. */
function asRead({ properties, unreadable }: PersonRead): Record<string, unknown> {
  return { ...properties, ...Object.fromEntries(unreadable.map((name) => [name, {}])) };
}

/** That somebody has been away for so many days, as of the moment when it was so many. */
function eventOf({ distinctId, lastSeenAt }: Absent, workflow: string, days: number): LifecycleEvent {
  return {
    source: "sweep",
    uuid: uuidV5(JSON.stringify([USER_INACTIVE, workflow, distinctId, lastSeenAt, days])),
    name: USER_INACTIVE,
    distinctId,
    occurredAt: new Date(Date.parse(lastSeenAt) + days * DAY_MS).toISOString(),
    properties: { days_inactive: days, last_seen_at: lastSeenAt, swept_for: workflow },
    personProperties: null,
  };
}

/** As PostHog's webhook would say it, for when it is ignored. */
function bodyOf({ uuid, name, distinctId, occurredAt, properties }: LifecycleEvent): string {
  return JSON.stringify({
    event: { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt },
    person: null,
  });
}
