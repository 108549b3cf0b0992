import type { Rhythm } from "../contracts/comparison.ts";
import { DAY_MS, HOUR_MS } from "../lib/durations.ts";

/** An event that came less often has no rhythm yet. */
const FEWEST_PAUSES = 4;
/** From so many pauses, the longest pause is known well, and the nights and the weekends are in it. */
const MANY_PAUSES = 50;

/** The rhythm of an event by the hours in which it came, in order. Null if it never came. */
export function rhythmOf(hours: number[]): Rhythm | null {
  const lastHour = hours.at(-1);
  if (lastHour === undefined) return null;
  const pauses = hours.slice(1).map((hour, index) => hour - (hours[index] ?? hour));
  return { lastHour, pauses: pauses.length, longestPauseMs: Math.max(0, ...pauses) };
}

/**
 * Whether an event has stopped: it has not come for a day, and not for three times its longest pause, or twice that
 * pause if there were many pauses.
 */
export function isSilent({ lastHour, pauses, longestPauseMs }: Rhythm, now: number): boolean {
  if (pauses < FEWEST_PAUSES) return false;
  const limitMs = Math.max(DAY_MS, longestPauseMs * (pauses < MANY_PAUSES ? 3 : 2));
  return now - (lastHour + HOUR_MS) > limitMs;
}
