import type { PersonLookup, PersonRead, PersonReading, PersonSource, PersonSources } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { PERSON_SOURCES, type PersonSourceName, SOURCES } from "../contracts/sources.ts";
import { createPersonLookup, type LookUpPerson } from "./person-lookup.ts";

type RunOfPerson = Pick<Run, "distinctId" | "source" | "occurredAt">;

/** Reads the persons of runs, each at the source that has them, or in our store. */
export function createPersonReader({ sources, now }: { sources: PersonSources; now: () => number }) {
  const lookUps: Partial<Record<PersonSourceName, LookUpPerson>> = {};
  for (const name of PERSON_SOURCES) {
    const source = sources[name];
    if (source !== undefined) lookUps[name] = createPersonLookup({ source, now });
  }
  const lookUpStored = createPersonLookup({ source: sources.own, now });
  const configured = PERSON_SOURCES.filter((name) => lookUps[name] !== undefined);

  return { read, readStored, readAtSource, areOnePerson, forget };

  async function read(run: RunOfPerson): Promise<PersonReading> {
    const readAt = whereToRead(run.source, configured);
    const lookup = await lookUps[readAt as PersonSourceName]?.(run.distinctId);
    if (lookup === undefined) return readStored(run.distinctId);
    if (lookup.outcome === "unavailable") return lookup;
    const ageMs = now() - Date.parse(run.occurredAt);
    if (lookup.outcome === "not found" && whenNotFound({ source: run.source, readAt, ageMs }) === "read stored")
      return readStored(run.distinctId);
    return { ...lookup, source: readAt };
  }

  /** The properties that our store has of the person. */
  async function readStored(distinctId: string): Promise<PersonReading> {
    const lookup = await lookUpStored(distinctId);
    return lookup.outcome === "unavailable" ? lookup : { ...lookup, source: "own" };
  }

  /** As the source has the person; null when no source is configured for it. */
  async function readAtSource(run: RunOfPerson): Promise<PersonLookup | null> {
    const readAt = whereToRead(run.source, configured);
    return readAt === "own" ? null : ((await lookUps[readAt]?.(run.distinctId)) ?? null);
  }

  /** Whether a source has both ids as one person; `unknown` when it does not have both, or is not configured. */
  async function areOnePerson(
    source: PersonSourceName,
    ids: [string, string],
  ): Promise<"one" | "two" | "unknown" | { unavailable: string }> {
    const lookUp = lookUps[source];
    if (lookUp === undefined) return "unknown";
    const lookups = await Promise.all(ids.map((id) => lookUp(id)));
    for (const lookup of lookups) if (lookup.outcome === "unavailable") return { unavailable: lookup.why };
    const [one, other] = lookups.map((lookup) => (lookup.outcome === "found" ? lookup.personId : undefined));
    if (one === undefined || other === undefined) return "unknown";
    return one === other ? "one" : "two";
  }

  /** The person has changed: reads that begin from now on see it. */
  function forget(distinctId: string): void {
    for (const lookUp of [...Object.values(lookUps), lookUpStored]) lookUp.forget(distinctId);
  }
}

export type PersonReader = ReturnType<typeof createPersonReader>;

/** The run's own source, if persons are read there; else another source; else our store. */
export function whereToRead(source: Run["source"], configured: PersonSourceName[]): PersonSourceName | "own" {
  return configured.find((name) => name === source) ?? configured[0] ?? "own";
}

/**
 * A source does not have the person: was the person deleted?
 *
 * | the run's source      | read at        | so long after the event | then        |
 * |-----------------------|----------------|-------------------------|-------------|
 * | stores no persons     | any source     | any time                | deleted     |
 * | stores persons here   | another source | any time                | read stored |
 * | stores persons here   | itself         | within personDelayMs    | read stored |
 * | stores persons here   | itself         | later                   | deleted     |
 */
export function whenNotFound({
  source,
  readAt,
  ageMs,
}: {
  source: Run["source"];
  readAt: PersonSourceName | "own";
  ageMs: number;
}): "read stored" | "deleted" {
  const { storesPersons, personDelayMs } = SOURCES[source];
  if (!storesPersons) return "deleted";
  return readAt !== source || ageMs < personDelayMs ? "read stored" : "deleted";
}

const MOST_AT_ONCE = 500;

/** Our store as a source of persons: the properties of events whose source does not have all of them. */
export function storedPersons(
  personsById: (distinctIds: string[]) => Promise<Map<string, PersonRead & { occurredAt: string }>>,
): PersonSource {
  return {
    name: "the store",
    mostAtOnce: MOST_AT_ONCE,
    async read(distinctIds) {
      const stored = await personsById(distinctIds);
      return new Map(
        [...stored].map(([distinctId, { properties, unreadable, occurredAt }]) => [
          distinctId,
          { properties, unreadable, asOf: Date.parse(occurredAt) },
        ]),
      );
    },
  };
}
