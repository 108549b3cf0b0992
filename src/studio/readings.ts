import type { Facts, PersonReading } from "./facts.ts";

/**
 * Reads a person for the pages once in `keptMs` at most. An open page asks again at each change, and the steps have
 * to share with it the few reads that the source allows.
 */
export function createReadings({
  read,
  keptMs,
  now,
}: {
  read(run: Parameters<Facts["readPerson"]>[0]): Promise<PersonReading>;
  keptMs: number;
  now: () => number;
}): Facts["readPerson"] {
  const kept = new Map<string, { answer: ReturnType<Facts["readPerson"]>; until: number }>();

  return (run) => {
    for (const [key, { until }] of kept) if (until <= now()) kept.delete(key);
    const key = JSON.stringify([run.source, run.distinctId]);
    const known = kept.get(key) ?? { answer: readAnew(run), until: now() + keptMs };
    kept.set(key, known);
    return known.answer;
  };

  async function readAnew(run: Parameters<typeof read>[0]): ReturnType<Facts["readPerson"]> {
    const readAt = new Date(now()).toISOString();
    return { reading: await read(run), readAt };
  }
}
