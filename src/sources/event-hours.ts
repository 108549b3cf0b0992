import { HOUR_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/**
 * Saves the hours in which events of these names arrive, ignored or not. Each process saves an hour once, so this costs
 * no write per event. A failure stops no event, and the next event of that name tries again.
 */
export function createEventHours({
  names,
  save,
  now,
  log,
}: {
  names: string[];
  save(name: string, hour: number): Promise<void>;
  now(): number;
  log: Log;
}): (name: string) => Promise<void> {
  const saved = new Map<string, number>(names.map((name) => [name, Number.NEGATIVE_INFINITY]));
  return async (name) => {
    const hour = Math.floor(now() / HOUR_MS) * HOUR_MS;
    const last = saved.get(name);
    if (last === undefined || last === hour) return;
    saved.set(name, hour);
    try {
      await save(name, hour);
    } catch (error) {
      saved.set(name, last);
      log.warn({ component: "sources", event: name, outcome: "hour not saved", error: describeError(error) });
    }
  };
}
