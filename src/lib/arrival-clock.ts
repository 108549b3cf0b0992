import { HOUR_MS } from "./durations.ts";

/** A clock that is set back by more than that was wrong before. */
const MOST_BACK_MS = HOUR_MS;

/** Microseconds since 1970 as far as the clock shows them; they grow with each call also while it stands still or goes back a bit. */
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
