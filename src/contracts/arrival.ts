import { MINUTE_MS } from "../lib/durations.ts";
/** Something that happened and that we were told of. */
export interface Arrived {
  /** ISO 8601 */
  occurredAt: string;
  /** A number that grows with each; none when an earlier version took it in. */
  arrival?: number | null;
}

/** PostHog and Segment correct the clocks of devices, which moves times by seconds: within so long the order of arrival counts. */
const SKEW_MS = 2 * MINUTE_MS;

/** Whether an exit ends a run: it happened no earlier, or a moment earlier and arrived later. */
export function endsRun(exit: Arrived, run: Arrived): boolean {
  if (exit.occurredAt >= run.occurredAt) return true;
  return (exit.arrival ?? 0) > (run.arrival ?? Infinity) && exit.occurredAt >= earliestExit(run.occurredAt);
}

/** When an exit happened at the earliest that ends a run of this time, ISO 8601. */
export function earliestExit(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) - SKEW_MS).toISOString();
}

/** When a run's event happened at the latest that an exit of this time ends, ISO 8601. */
export function latestStart(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) + SKEW_MS).toISOString();
}
