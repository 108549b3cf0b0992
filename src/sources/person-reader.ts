import { PERSON_WITHIN_MS } from "../contracts/novu.ts";
import type { PersonLookup, PersonReading, PersonSource, PersonSources } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { PERSON_SOURCES, type PersonSourceName, SOURCES } from "../contracts/sources.ts";
import { valueWithin } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { untilNoMore } from "../lib/end-of-turn.ts";
import { describeError, RetryLaterError } from "../lib/errors.ts";

/** A lookup is cached long enough for the steps of one moment, but not until the person's next action. */
const FRESH_MS = SECOND_MS;
const LARGEST_CACHE = 10_000;
/** Further lookups of a crowd come within this time, because the event loop is busy with its calls. */
const TURN_MS = 1;
/** When several lookups wait, the others of their moment come within this time. */
const MOMENT_MS = 20;
/** When so many lookups wait for one read, or the last read was full, more are about to come. */
const CROWD = 16;
/** A step looks up its person some turns of the event loop after its call has arrived. */
const TURNS_OF_CALL = 20;
/** A busy process reads the calls of one moment over a longer time, so the lookups wait this often, while more come. */
const MOST_GATHERS = 2;

interface Waiting {
  promise: Promise<PersonLookup>;
  resolve(lookup: PersonLookup): void;
}

export interface LookUpPerson {
  (distinctId: string): Promise<PersonLookup>;
  /** The next lookup of this person starts a new read, because the person has changed. */
  forget(distinctId: string): void;
}

/**
 * Looks up persons at one source, in batches. Only one read runs at a time. Lookups that come meanwhile share the next
 * read, so that a thousand steps at once cause only a few calls. Each lookup resolves within PERSON_WITHIN_MS.
 */
export function createPersonLookup({
  source: { name, read, mostAtOnce, gatherMs = 0 },
  now,
}: {
  source: PersonSource;
  now: () => number;
}): LookUpPerson {
  const waiting = new Map<string, Waiting>();
  const cache = new Map<string, { lookup: PersonLookup; until: number }>();
  /** Persons that changed during the read. The read's answer about them is not cached. */
  const changed = new Set<string>();
  let isReading = false;
  let onFull = () => {};
  let pausedUntil = 0;

  const lookUp = async (distinctId: string): Promise<PersonLookup> => {
    const cached = cache.get(distinctId);
    if (cached !== undefined && cached.until > now()) return cached.lookup;
    const lookup = await valueWithin(enqueue(distinctId), PERSON_WITHIN_MS);
    return lookup ?? { outcome: "unavailable", why: `${name} did not answer within ${PERSON_WITHIN_MS} ms` };
  };
  return Object.assign(lookUp, {
    forget(distinctId: string) {
      cache.delete(distinctId);
      if (isReading) changed.add(distinctId);
    },
  });

  function enqueue(distinctId: string): Promise<PersonLookup> {
    const already = waiting.get(distinctId);
    if (already !== undefined) return already.promise;
    const lookup = withResolvers<PersonLookup>();
    waiting.set(distinctId, lookup);
    // The read begins after this turn of the event loop, so that lookups of the same moment share it.
    if (!isReading) setImmediate(readAll);
    if (waiting.size >= mostAtOnce) onFull();
    return lookup.promise;
  }

  async function readAll(): Promise<void> {
    if (isReading) return;
    isReading = true;
    let wasFull = false;
    while (waiting.size > 0) {
      await untilNoMore(() => waiting.size, mostAtOnce);
      if (gatherMs > 0) await untilFull(TURN_MS);
      if (gatherMs > 0 && waiting.size > 1) await untilFull(MOMENT_MS);
      if (gatherMs > 0 && (wasFull || waiting.size >= CROWD)) await gather();
      wasFull = waiting.size >= mostAtOnce;
      await readBatch();
    }
    isReading = false;
  }

  /** Waits for a full read for `gatherMs`, and again for `gatherMs` if more lookups came. */
  async function gather(): Promise<void> {
    let before = 0;
    for (let times = 0; times < MOST_GATHERS && waiting.size > before && waiting.size < mostAtOnce; times += 1) {
      before = waiting.size;
      await untilFull(gatherMs);
    }
  }

  async function untilFull(withinMs: number): Promise<void> {
    if (waiting.size >= mostAtOnce) return;
    const { promise, resolve } = withResolvers<void>();
    onFull = resolve;
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    await untilNoMore(() => waiting.size, mostAtOnce, TURNS_OF_CALL);
  }

  async function readBatch(): Promise<void> {
    const batch = new Map([...waiting].slice(0, mostAtOnce));
    for (const distinctId of batch.keys()) waiting.delete(distinctId);

    changed.clear();
    const lookupOf = await readNow([...batch.keys()]);
    for (const [distinctId, { resolve }] of batch) {
      const lookup = lookupOf(distinctId);
      if (lookup.outcome !== "unavailable" && !changed.has(distinctId)) save(distinctId, lookup);
      resolve(lookup);
    }
  }

  async function readNow(distinctIds: string[]): Promise<(distinctId: string) => PersonLookup> {
    if (pausedUntil > performance.now()) return () => ({ outcome: "unavailable", why: `${name} asked for a pause` });
    const asOf = now();
    try {
      const found = await read(distinctIds, AbortSignal.timeout(PERSON_WITHIN_MS));
      return (distinctId) => {
        const person = found.get(distinctId);
        return person === undefined ? { outcome: "not found" } : { outcome: "found", asOf, ...person };
      };
    } catch (error) {
      if (error instanceof RetryLaterError) pausedUntil = performance.now() + error.retryAfterMs;
      return () => ({ outcome: "unavailable", why: describeError(error) });
    }
  }

  function save(distinctId: string, lookup: PersonLookup): void {
    if (cache.size >= LARGEST_CACHE) cache.clear();
    cache.set(distinctId, { lookup, until: now() + FRESH_MS });
  }
}

// Promise.withResolvers needs Node 22.
function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

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

  /** The person at the source; null when no source of persons is configured. */
  async function readAtSource(run: RunOfPerson): Promise<PersonLookup | null> {
    const readAt = whereToRead(run.source, configured);
    return readAt === "own" ? null : ((await lookUps[readAt]?.(run.distinctId)) ?? null);
  }

  /** Whether both ids belong to one person at a source; `unknown` when the source has not both or is not configured. */
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

  /** The next lookup of this person starts a new read everywhere, because the person has changed. */
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
 * Decides whether a person that a source does not have was deleted. `storesPersons`: we store the persons of a source.
 *
 * | storesPersons of the run's source | read at        | age of the event         | result      |
 * |-----------------------------------|----------------|--------------------------|-------------|
 * | false                             | any source     | any                      | deleted     |
 * | true                              | another source | any                      | read stored |
 * | true                              | the run's own  | less than personDelayMs  | read stored |
 * | true                              | the run's own  | personDelayMs or more    | deleted     |
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
