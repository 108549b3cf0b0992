import { PERSON_WITHIN_MS } from "../contracts/novu.ts";
import type { PersonLookup, PersonSource } from "../contracts/person.ts";
import { valueWithin } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { describeError, RetryLaterError } from "../lib/errors.ts";

/** Long enough for the steps of one moment, too short to miss the person's next action. */
const FRESH_MS = SECOND_MS;
const LARGEST_CACHE = 10_000;
/** When so many wait for one read, more are about to come. */
const CROWD = 16;

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
 * Looks up persons at one source, in batches. One read is in flight; lookups that come meanwhile share the next
 * one, so that a thousand steps at once cause a handful of calls. Each lookup resolves within the deadline.
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
  /** Persons that changed while the read was in flight; its answer about them is not cached. */
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
    // After this turn of the event loop, so that lookups of the same moment share the read.
    if (!isReading) setImmediate(readAll);
    if (waiting.size >= mostAtOnce) onFull();
    return lookup.promise;
  }

  async function readAll(): Promise<void> {
    if (isReading) return;
    isReading = true;
    while (waiting.size > 0) {
      if (waiting.size >= CROWD && waiting.size < mostAtOnce && gatherMs > 0) await gather();
      await readBatch();
    }
    isReading = false;
  }

  async function gather(): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    onFull = resolve;
    const timer = setTimeout(resolve, gatherMs);
    await promise;
    clearTimeout(timer);
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
