import type { Person, PersonLookup, PersonPlace, PersonPlaces } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { describeError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Novu gives a bridge call 5 s; this leaves time to decide, to render and to answer. */
const DEADLINE_MS = 2_500;
/** Long enough for the steps of one moment, too short to miss what a person does next. */
const FRESH_MS = 1_000;
const LARGEST_CACHE = 10_000;
/** Segment makes profiles beside its deliveries: one that is missing so soon after the event is late, and not deleted. */
const PROFILE_LATE_MS = 60 * 60 * 1000;

interface Waiting {
  promise: Promise<PersonLookup>;
  settle(lookup: PersonLookup): void;
}

/**
 * The person at this moment. Reads that come while one is under way share the next call, so that
 * a thousand steps at once are a handful of calls. Each answer comes within the deadline: found,
 * not found, or unavailable.
 */
export function createPersonLookup({
  place: { name, read: readPersons, mostAtOnce },
  now,
}: {
  place: PersonPlace;
  now: () => number;
}): (distinctId: string) => Promise<PersonLookup> {
  const waiting = new Map<string, Waiting>();
  const cache = new Map<string, { lookup: PersonLookup; until: number }>();
  let underWay = false;
  let pausedUntil = 0;

  return async (distinctId) => {
    const cached = cache.get(distinctId);
    if (cached !== undefined && cached.until > now()) return cached.lookup;
    return withDeadline(join(distinctId), `${name} did not answer within ${DEADLINE_MS} ms`);
  };

  function join(distinctId: string): Promise<PersonLookup> {
    const already = waiting.get(distinctId);
    if (already !== undefined) return already.promise;
    const { promise, resolve } = withResolvers<PersonLookup>();
    waiting.set(distinctId, { promise, settle: resolve });
    // The turn of the event loop lets reads of the same moment join.
    if (!underWay) setImmediate(readAll);
    return promise;
  }

  async function readAll(): Promise<void> {
    if (underWay) return;
    underWay = true;
    while (waiting.size > 0) await readNext();
    underWay = false;
  }

  async function readNext(): Promise<void> {
    const batch = new Map([...waiting].slice(0, mostAtOnce));
    for (const distinctId of batch.keys()) waiting.delete(distinctId);

    const answer = await read([...batch.keys()]);
    for (const [distinctId, { settle }] of batch) {
      const lookup = answer(distinctId);
      if (lookup.outcome !== "unavailable") remember(distinctId, lookup);
      settle(lookup);
    }
  }

  async function read(distinctIds: string[]): Promise<(distinctId: string) => PersonLookup> {
    const paused = { outcome: "unavailable", why: `${name} asked for a pause` } as const;
    if (pausedUntil > performance.now()) return () => paused;
    try {
      const found = await readPersons(distinctIds, AbortSignal.timeout(DEADLINE_MS));
      return (distinctId) => {
        const properties = found.get(distinctId);
        return properties === undefined ? { outcome: "not found" } : { outcome: "found", properties };
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

/**
 * Whom to write to: the person now, or what was told of them here where nobody else knows them, or as of
 * the event when whoever knows cannot be asked, or null when there is none any more.
 */
export function createPersonNow({ places, now, log }: { places: PersonPlaces; now: () => number; log: Log }) {
  const lookUps = {
    posthog: places.posthog && createPersonLookup({ place: places.posthog, now }),
    segment: places.segment && createPersonLookup({ place: places.segment, now }),
  };
  const own = createPersonLookup({ place: places.own, now });

  return async (run: AskedRun): Promise<Person | null> => {
    const { distinctId, transactionId, snapshot } = run;
    const place = placeOf(run, lookUps);
    if (place === null) return asTold(run);
    const lookup = await place.lookUp(distinctId);
    if (lookup.outcome === "found") return { distinctId, properties: lookup.properties, source: place.source };
    if (lookup.outcome === "not found") return mayBeMissing(run, place.source) ? asTold(run) : null;
    log.warn({ stop: "people", transactionId, personSource: "snapshot", error: lookup.why });
    // Segment's events bring little of a person along, and seldom what they do not want.
    const told = run.source === "segment" ? await own(distinctId) : null;
    if (told?.outcome === "not found" && isForgotten(run)) return null;
    return { distinctId, properties: told?.outcome === "found" ? told.properties : snapshot, source: "snapshot" };
  };

  async function asTold(run: AskedRun): Promise<Person | null> {
    const { distinctId, transactionId, snapshot } = run;
    const told = await own(distinctId);
    if (told.outcome === "found") return { distinctId, properties: told.properties, source: "own" };
    if (told.outcome === "not found" && isForgotten(run)) return null;
    if (told.outcome === "not found") return { distinctId, properties: snapshot, source: "own" };
    log.warn({ stop: "people", transactionId, personSource: "snapshot", error: told.why });
    return { distinctId, properties: snapshot, source: "snapshot" };
  }

  /** PostHog need not know everybody of whom Segment tells. */
  function mayBeMissing({ source, occurredAt }: AskedRun, at: "posthog" | "segment"): boolean {
    if (source !== "segment") return false;
    return at === "posthog" || now() - Date.parse(occurredAt) < PROFILE_LATE_MS;
  }
}

type AskedRun = Pick<Run, "transactionId" | "distinctId" | "source" | "occurredAt" | "snapshot">;

/** Whether nothing told can only mean that they were deleted: what an event of Segment's brings along is kept here with its run. */
function isForgotten({ source, snapshot }: AskedRun): boolean {
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
  const timer = setTimeout(() => resolve({ outcome: "unavailable", why }), DEADLINE_MS);
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
