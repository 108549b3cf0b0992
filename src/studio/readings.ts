import type { Facts, PersonReading } from "./facts.ts";

/**
 * Reads a person for the pages at most once in `cacheMs`. An open page reads again after each change, and the steps
 * share the source's rate limit with it.
 */
export function createReadings({
  read,
  cacheMs,
  now,
}: {
  read(run: Parameters<Facts["readPerson"]>[0]): Promise<PersonReading>;
  cacheMs: number;
  now: () => number;
}): Facts["readPerson"] {
  const cache = new Map<string, { answer: ReturnType<Facts["readPerson"]>; until: number }>();

  return (run) => {
    for (const [key, { until }] of cache) if (until <= now()) cache.delete(key);
    const key = JSON.stringify([run.source, run.distinctId]);
    const known = cache.get(key) ?? { answer: readNow(run), until: now() + cacheMs };
    cache.set(key, known);
    return known.answer;
  };

  async function readNow(run: Parameters<typeof read>[0]): ReturnType<Facts["readPerson"]> {
    const readAt = new Date(now()).toISOString();
    return { reading: await read(run), readAt };
  }
}
