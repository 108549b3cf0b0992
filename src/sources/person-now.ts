import { PERSON_WITHIN_MS } from "../contracts/bridge-time.ts";
import type {
  Person,
  PersonLookup,
  PersonRead,
  PersonSource,
  PersonSources,
  PropertyName,
} from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { HOUR_MS, SECOND_MS } from "../lib/durations.ts";
import { describeError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Long enough for the steps of one moment, too short to miss what a person does next. */
const FRESH_MS = SECOND_MS;
const LARGEST_CACHE = 10_000;
/** Where so many wait for one read, more are on their way. */
const CROWD = 16;
/** Segment makes profiles beside its deliveries: one that is missing so soon after the event is late, and not deleted. */
const PROFILE_LATE_MS = HOUR_MS;

interface Waiting {
  promise: Promise<PersonLookup>;
  settle(lookup: PersonLookup): void;
}

/**
 * The person at this moment. Reads that come while one is in progress share the next call, so that
 * a thousand steps at once are a handful of calls. Each answer comes within the deadline: found,
 * not found, or unavailable.
 */
export function createPersonLookup({
  place: { name, read: readPersons, mostAtOnce, gatherMs = 0 },
  now,
}: {
  place: PersonSource;
  now: () => number;
}): { (distinctId: string): Promise<PersonLookup>; forget(distinctId: string): void } {
  const waiting = new Map<string, Waiting>();
  const cache = new Map<string, { lookup: PersonLookup; until: number }>();
  /** Asked for before there was news of them. */
  const stale = new Set<string>();
  let inProgress = false;
  let onFull = () => {};
  let pausedUntil = 0;

  const lookUp = async (distinctId: string): Promise<PersonLookup> => {
    const cached = cache.get(distinctId);
    if (cached !== undefined && cached.until > now()) return cached.lookup;
    return withDeadline(join(distinctId), `${name} did not answer within ${PERSON_WITHIN_MS} ms`);
  };
  return Object.assign(lookUp, {
    forget(distinctId: string) {
      cache.delete(distinctId);
      if (inProgress) stale.add(distinctId);
    },
  });

  function join(distinctId: string): Promise<PersonLookup> {
    const already = waiting.get(distinctId);
    if (already !== undefined) return already.promise;
    const { promise, resolve } = withResolvers<PersonLookup>();
    waiting.set(distinctId, { promise, settle: resolve });
    // The turn of the event loop lets reads of the same moment join.
    if (!inProgress) setImmediate(readAll);
    if (waiting.size >= mostAtOnce) onFull();
    return promise;
  }

  async function readAll(): Promise<void> {
    if (inProgress) return;
    inProgress = true;
    while (waiting.size > 0) {
      if (waiting.size >= CROWD && waiting.size < mostAtOnce && gatherMs > 0) await gathered();
      await readNext();
    }
    inProgress = false;
  }

  async function gathered(): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    onFull = resolve;
    const timer = setTimeout(resolve, gatherMs);
    await promise;
    clearTimeout(timer);
  }

  async function readNext(): Promise<void> {
    const batch = new Map([...waiting].slice(0, mostAtOnce));
    for (const distinctId of batch.keys()) waiting.delete(distinctId);

    stale.clear();
    const answer = await read([...batch.keys()]);
    for (const [distinctId, { settle }] of batch) {
      const lookup = answer(distinctId);
      if (lookup.outcome !== "unavailable" && !stale.has(distinctId)) remember(distinctId, lookup);
      settle(lookup);
    }
  }

  async function read(distinctIds: string[]): Promise<(distinctId: string) => PersonLookup> {
    const paused = { outcome: "unavailable", why: `${name} asked for a pause` } as const;
    if (pausedUntil > performance.now()) return () => paused;
    const asOf = now();
    try {
      const found = await readPersons(distinctIds, AbortSignal.timeout(PERSON_WITHIN_MS));
      return (distinctId) => {
        const person = found.get(distinctId);
        return person === undefined ? { outcome: "not found" } : { outcome: "found", asOf, ...person };
      };
    } catch (error) {
      if (error instanceof RetryLaterError) pausedUntil = performance.now() + error.retryAfterMs;
      return () => ({ outcome: "unavailable", why: describeError(error) });
    }
  }

  function remember(distinctId: string, lookup: PersonLookup): void {
    if (cache.size >= LARGEST_CACHE) cache.clear();
    cache.set(distinctId, { lookup, until: now() + FRESH_MS });
  }
}

type LookUp = (distinctId: string) => Promise<PersonLookup>;
type AskedRun = Pick<Run, "distinctId" | "source" | "occurredAt">;

/** The person of a run as they are known now, and where from. Unavailable says nothing about the person. */
export type ReadPerson =
  | ({ outcome: "found"; asOf: number; source: "posthog" | "segment" | "own" } & PersonRead)
  | { outcome: "not found"; source: "posthog" | "segment" | "own" }
  | { outcome: "unavailable"; why: string };

/**
 * Reads the persons of runs: where the event came from, where persons are read there; else where they
 * are; and where nobody can be asked, or need not know them, as they were told of here.
 */
export function createPersonReader({ places, now }: { places: PersonSources; now: () => number }) {
  const lookUps = {
    posthog: places.posthog && createPersonLookup({ place: places.posthog, now }),
    segment: places.segment && createPersonLookup({ place: places.segment, now }),
  };
  const own = createPersonLookup({ place: places.own, now });

  return { read, own, forget, arePerson };

  /**
   * Whether PostHog has both ids as one person, or as two; `unknown` where it does not know both. Where
   * PostHog cannot be asked, it is unavailable.
   */
  async function arePerson(ids: [string, string]): Promise<"one" | "two" | "unknown" | { unavailable: string }> {
    const { posthog } = lookUps;
    if (posthog === undefined) return "unknown";
    const [one, other] = await Promise.all([posthog(ids[0]), posthog(ids[1])]);
    for (const lookup of [one, other]) if (lookup.outcome === "unavailable") return { unavailable: lookup.why };
    const [a, b] = [one, other].map((lookup) => (lookup.outcome === "found" ? lookup.personId : undefined));
    if (a === undefined || b === undefined) return "unknown";
    return a === b ? "one" : "two";
  }

  /** There is news of this person: the next read is newer than it. */
  function forget(distinctId: string): void {
    for (const lookUp of [lookUps.posthog, lookUps.segment, own]) lookUp?.forget(distinctId);
  }

  async function read(run: AskedRun): Promise<ReadPerson> {
    const place = placeOf(run, lookUps);
    if (place === null) return asTold(run);
    const lookup = await place.lookUp(run.distinctId);
    if (lookup.outcome === "found") return { ...lookup, source: place.source };
    if (lookup.outcome === "unavailable") return lookup;
    return mayBeMissing(run, place.source) ? asTold(run) : { ...lookup, source: place.source };
  }

  async function asTold({ distinctId }: AskedRun): Promise<ReadPerson> {
    const told = await own(distinctId);
    return told.outcome === "unavailable" ? told : { ...told, source: "own" };
  }

  /** PostHog need not know everybody of whom Segment tells. */
  function mayBeMissing({ source, occurredAt }: AskedRun, at: "posthog" | "segment"): boolean {
    if (source !== "segment") return false;
    return at === "posthog" || now() - Date.parse(occurredAt) < PROFILE_LATE_MS;
  }
}

export type PersonReader = ReturnType<typeof createPersonReader>;

/**
 * The person to write to, read now from PostHog, Segment or our store; with the properties of the event when that
 * cannot be asked or our store holds none. Null when the person does not exist any more.
 */
export function createPersonNow({
  persons,
  onUnreadable = () => {},
  log,
}: {
  persons: PersonReader;
  /** A property was there and could not be read. */
  onUnreadable?: (property: string) => void;
  log: Log;
}) {
  const told = new Set<string>();

  return async (run: AskedRun & Pick<Run, "transactionId" | "snapshot" | "unreadable">): Promise<Person | null> => {
    const person = await personOf(run);
    for (const property of person?.unreadable ?? []) note(property, run.transactionId);
    return person;
  };

  async function personOf(
    run: AskedRun & Pick<Run, "transactionId" | "snapshot" | "unreadable">,
  ): Promise<Person | null> {
    const { distinctId, transactionId } = run;
    const asOfEvent = { distinctId, properties: run.snapshot, unreadable: (run.unreadable ?? []) as PropertyName[] };
    const read = await persons.read(run);
    if (read.outcome === "found") return { distinctId, ...personIn(read), source: read.source };
    if (read.outcome === "not found")
      return read.source !== "own" || isForgotten(run) ? null : { ...asOfEvent, source: "own" };
    log.warn({ component: "sources", transactionId, personSource: "snapshot", error: read.why });
    // Segment's events bring little of a person along, and seldom what they do not want.
    const told = run.source === "segment" ? await persons.own(distinctId) : null;
    if (told?.outcome === "not found" && isForgotten(run)) return null;
    const known = told?.outcome === "found" ? personIn(told) : {};
    return { ...asOfEvent, ...known, source: "snapshot" };
  }

  /** Counted each time, and logged once for each property, without its value. */
  function note(property: string, transactionId: string): void {
    onUnreadable(property);
    if (told.has(property)) return;
    told.add(property);
    log.warn({ component: "sources", outcome: "unreadable", property, transactionId });
  }
}

function personIn({ properties, unreadable }: PersonRead): PersonRead {
  return { properties, unreadable };
}

/** Whether nothing told can only mean that they were deleted: what an event of Segment's brings along is kept here with its run. */
function isForgotten({ source, snapshot }: Pick<Run, "source" | "snapshot">): boolean {
  return source === "segment" && Object.values(snapshot).some((value) => value !== undefined);
}

/** Where the event came from, where persons are read there; else where they are. */
function placeOf(
  { source }: Pick<Run, "source">,
  { posthog, segment }: { posthog: LookUp | undefined; segment: LookUp | undefined },
): { source: "posthog" | "segment"; lookUp: LookUp } | null {
  const places = [
    ...(posthog ? [{ source: "posthog", lookUp: posthog } as const] : []),
    ...(segment ? [{ source: "segment", lookUp: segment } as const] : []),
  ];
  return places.find((place) => place.source === source) ?? places[0] ?? null;
}

async function withDeadline(lookup: Promise<PersonLookup>, why: string): Promise<PersonLookup> {
  const { promise: late, resolve } = withResolvers<PersonLookup>();
  const timer = setTimeout(() => resolve({ outcome: "unavailable", why }), PERSON_WITHIN_MS);
  try {
    return await Promise.race([lookup, late]);
  } finally {
    clearTimeout(timer);
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
