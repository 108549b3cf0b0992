import type { LifecycleEvent } from "../../contracts/event.ts";
import type { PersonRead, ReadPersons } from "../../contracts/person.ts";
import type { Ingest } from "../ingest.ts";

/** The most people that PostHog reads in one call, and that are ingested at once. */
export const AT_ONCE = 200;
const ANSWER_WITHIN_MS = 30_000;

/** `found`: people who were found for the first time. `started`: people with an event that was accepted. */
export interface Found {
  found: number;
  started: number;
}

/** The parts that each sweep needs. */
export interface SweepParts {
  /** Null when persons cannot be read anywhere. */
  readPersons: ReadPersons | null;
  /** Answers the uuids of the events that were ingested before. */
  knownEvents(uuids: string[]): Promise<string[]>;
  ingest: Ingest;
  count(what: keyof Found, people: number): void;
}

/** An event that a sweep makes. */
export type SweptEvent = Pick<LifecycleEvent, "uuid" | "name" | "distinctId" | "occurredAt" | "properties">;

/**
 * Ingests the events that a sweep makes of at most `AT_ONCE` people, with the present person properties. Leaves out the
 * events that were ingested before, and those of deleted persons. Rejects if an event could not be stored.
 */
export function createIngestFound({ readPersons, knownEvents, ingest, count }: SweepParts) {
  return async (events: SweptEvent[], signal: AbortSignal): Promise<Found> => {
    const known = new Set(await knownEvents(events.map(({ uuid }) => uuid)));
    const fresh = events.filter(({ uuid }) => !known.has(uuid)).map(lifecycleEvent);
    if (fresh.length === 0) return { found: 0, started: 0 };

    const readable = await withPersons(fresh, signal);
    const outcomes = await Promise.all(readable.map((event) => ingest("sweep", { event }, bodyOf(event))));
    const started = outcomes.filter(({ outcome }) => outcome === "accepted").length;
    count("found", fresh.length);
    count("started", started);
    return { found: fresh.length, started };
  };

  /** Adds the present person properties to each event. Leaves out the events of deleted persons. */
  async function withPersons(events: LifecycleEvent[], signal: AbortSignal): Promise<LifecycleEvent[]> {
    if (readPersons === null) return events;
    const distinctIds = events.map(({ distinctId }) => distinctId);
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const persons = await readPersons(distinctIds, inTime);
    return events.flatMap((event) => {
      const person = persons.get(event.distinctId);
      return person === undefined ? [] : { ...event, personProperties: asRead(person) };
    });
  }
}

function lifecycleEvent(event: SweptEvent): LifecycleEvent {
  return { source: "sweep", ...event, personProperties: null };
}

/** The properties. An unreadable property gets the value `{}`, which is unreadable for every type. */
function asRead({ properties, unreadable }: PersonRead): Record<string, unknown> {
  return { ...properties, ...Object.fromEntries(unreadable.map((name) => [name, {}])) };
}

/** The body that PostHog's webhook would have, for the list of ignored events. */
function bodyOf({ uuid, name, distinctId, occurredAt, properties }: LifecycleEvent): string {
  return JSON.stringify({
    event: { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt },
    person: null,
  });
}
