import { MINUTE_MS } from "../lib/durations.ts";

/** An event, or a fact that follows from it, with the order of its arrival. */
export interface Arrived {
  /** ISO 8601 */
  occurredAt: string;
  /** A number that grows with each event; null or absent counts as unknown. */
  arrival?: number | null;
}

/** PostHog and Segment correct the clocks of devices, which moves times by seconds. Within this time, the order of arrival counts. */
const SKEW_MS = 2 * MINUTE_MS;

/** Whether an exit ends a run: it happened at the same time or later, or a moment earlier and arrived later. */
export function endsRun(exit: Arrived, run: Arrived): boolean {
  if (exit.occurredAt >= run.occurredAt) return true;
  return (exit.arrival ?? 0) > (run.arrival ?? Infinity) && exit.occurredAt >= earliestExit(run.occurredAt);
}

/** The earliest time of an exit that ends a run of this time, ISO 8601. */
export function earliestExit(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) - SKEW_MS).toISOString();
}

/** The latest time of a run that an exit of this time ends, ISO 8601. */
export function latestStart(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) + SKEW_MS).toISOString();
}
