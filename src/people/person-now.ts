import type { Person, PersonLookup } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { describeError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { LARGEST_BATCH, type ReadPersons } from "./posthog-persons.ts";

/** Novu gives a bridge call 5 s; this leaves time to decide, to render and to answer. */
const DEADLINE_MS = 2_500;
/** Long enough for the steps of one moment, too short to miss what a person does next. */
const FRESH_MS = 1_000;
const LARGEST_CACHE = 10_000;

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
  readPersons,
  now,
}: {
  readPersons: ReadPersons;
  now: () => number;
}): (distinctId: string) => Promise<PersonLookup> {
  const waiting = new Map<string, Waiting>();
  const cache = new Map<string, { lookup: PersonLookup; until: number }>();
  let underWay = false;
  let pausedUntil = 0;

  return async (distinctId) => {
    const cached = cache.get(distinctId);
    if (cached !== undefined && cached.until > now()) return cached.lookup;
    return withDeadline(join(distinctId));
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
    const batch = new Map([...waiting].slice(0, LARGEST_BATCH));
    for (const distinctId of batch.keys()) waiting.delete(distinctId);

    const answer = await read([...batch.keys()]);
    for (const [distinctId, { settle }] of batch) {
      const lookup = answer(distinctId);
      if (lookup.outcome !== "unavailable") remember(distinctId, lookup);
      settle(lookup);
    }
  }

  async function read(distinctIds: string[]): Promise<(distinctId: string) => PersonLookup> {
    const paused = { outcome: "unavailable", why: "PostHog asked for a pause" } as const;
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

/** Whom to write to: the person now, the snapshot of the event when PostHog cannot be asked, or null when there is none. */
export function createPersonNow({ lookUp, log }: { lookUp: (distinctId: string) => Promise<PersonLookup>; log: Log }) {
  return async ({
    transactionId,
    distinctId,
    snapshot,
  }: Pick<Run, "transactionId" | "distinctId" | "snapshot">): Promise<Person | null> => {
    const lookup = await lookUp(distinctId);
    if (lookup.outcome === "not found") return null;
    if (lookup.outcome === "found") return { distinctId, properties: lookup.properties, source: "posthog" };
    log.warn({ stop: "people", transactionId, personSource: "snapshot", error: lookup.why });
    return { distinctId, properties: snapshot, source: "snapshot" };
  };
}

async function withDeadline(lookup: Promise<PersonLookup>): Promise<PersonLookup> {
  const { promise: late, resolve } = withResolvers<PersonLookup>();
  const timer = setTimeout(
    () => resolve({ outcome: "unavailable", why: `PostHog did not answer within ${DEADLINE_MS} ms` }),
    DEADLINE_MS,
  );
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
