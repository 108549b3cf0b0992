import type { Person, PersonRead, PersonReading, PropertyName } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { SOURCES } from "../contracts/sources.ts";
import type { Log } from "../lib/log.ts";

type RunOfPerson = Pick<
  Run,
  "transactionId" | "distinctId" | "source" | "occurredAt" | "snapshot" | "unreadable" | "isOthersEvent"
>;

/** Reads of persons. "unavailable": the source did not answer, and the person may exist or not. */
export interface Persons {
  read(run: Pick<Run, "distinctId" | "source" | "occurredAt">): Promise<PersonReading>;
  /** The properties that our store has of the person. */
  readStored(distinctId: string): Promise<PersonReading>;
}

/**
 * The person of a run at this moment, for a step. If the source cannot be read: the person from our store, or else from
 * the event. Null if the person no longer exists.
 */
export function createPersonNow({
  persons,
  onUnreadable,
  log,
}: {
  persons: Persons;
  /** Called for each property of the person that has a value and cannot be read. */
  onUnreadable(property: string): void;
  log: Log;
}) {
  const logged = new Set<string>();

  return async (run: RunOfPerson): Promise<Person | null> => {
    const person = await personOf(run);
    for (const property of person?.unreadable ?? []) reportUnreadable(property, run.transactionId);
    return person;
  };

  async function personOf(run: RunOfPerson): Promise<Person | null> {
    const { distinctId, transactionId } = run;
    const asOfEvent = { distinctId, properties: run.snapshot, unreadable: (run.unreadable ?? []) as PropertyName[] };
    const reading = await persons.read(run);
    if (reading.outcome === "found") return { distinctId, ...personIn(reading), source: reading.source };
    if (reading.outcome === "not found")
      return reading.source !== "own" || wasStored(run) || run.isOthersEvent ? null : { ...asOfEvent, source: "own" };

    log.warn({ component: "engine", transactionId, personSource: "snapshot", error: reading.why });
    const stored = SOURCES[run.source].storesPersons ? await persons.readStored(distinctId) : null;
    if (stored?.outcome === "not found" && wasStored(run)) return null;
    const known = stored?.outcome === "found" ? personIn(stored) : {};
    return { ...asOfEvent, ...known, source: "snapshot" };
  }

  /** Counts each time; logs once for each property, without its value. */
  function reportUnreadable(property: string, transactionId: string): void {
    onUnreadable(property);
    if (logged.has(property)) return;
    logged.add(property);
    log.warn({ component: "engine", outcome: "unreadable", property, transactionId });
  }
}

function personIn({ properties, unreadable }: PersonRead): PersonRead {
  return { properties, unreadable };
}

/** Whether the event had properties that we stored. If our store has no such person now, the person was deleted. */
function wasStored({ source, snapshot }: Pick<Run, "source" | "snapshot">): boolean {
  return SOURCES[source].storesPersons && Object.values(snapshot).some((value) => value !== undefined);
}
