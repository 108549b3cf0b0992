import { HOUR_MS } from "./durations.ts";

/** After a larger step back the clock was wrong before, so arrivals follow the corrected one. */
const MOST_BACK_MS = HOUR_MS;

/** Microseconds since 1970. Each call returns a larger number, also while the clock stands still or goes back a little. */
export function createArrivalClock(now: () => number): () => number {
  let last = 0;
  return () => {
    const at = now() * 1000;
    last = last > at + MOST_BACK_MS * 1000 ? at : Math.max(at, last + 1);
    return last;
  };
}

/** An arrival as ISO 8601 with microseconds. */
export function isoOfArrival(arrival: number): string {
  const micros = String(arrival % 1000).padStart(3, "0");
  return new Date(Math.floor(arrival / 1000)).toISOString().replace("Z", `${micros}Z`);
}
