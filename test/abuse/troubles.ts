import type { Engine } from "../chaos/data.ts";
import type { AbusedApp } from "./app.ts";
import type { Good } from "./good-events.ts";

/** One line of the table. */
export interface Row {
  section: string;
  engine: Engine;
  name: string;
  requests: number;
  answers: Record<string, number>;
  /** CPU of the app for each request and each 10 KB of it. */
  cpuMsPer10Kb: number | null;
  good: Good | null;
  /** The maximum. */
  rssMb: number;
  /** Empty when the result is ok. */
  troubles: string[];
  notes: string[];
}

const MOST_MS = 50;
const MOST_SHOWN = 8;

/** Faults of the app: it must run, and its log must be JSON without the planted secrets. */
export function appTroubles(app: AbusedApp): string[] {
  const ended = app.ended();
  return [
    ...(ended === null ? [] : [`the app ended with ${ended}`]),
    ...app
      .logTroubles()
      .slice(0, MOST_SHOWN)
      .map(({ why, request }) => (request === null ? why : `${why} (request ${request})`)),
  ];
}

/** Faults for the senders of good events. */
export function goodTroubles(
  { answers, late, p99Ms, ownDelayP99Ms }: Good,
  { isTimed }: { isTimed: boolean },
): string[] {
  const { 202: _, ...others } = answers;
  return [
    ...Object.entries(others).map(([status, count]) => `${count} good events: ${status}`),
    ...(late > 0 ? [`${late} good events were not triggered within 5 s`] : []),
    ...(isTimed && p99Ms > MOST_MS
      ? [`p99 of good events is ${p99Ms} ms, above ${MOST_MS} (the sender's own delay: ${ownDelayP99Ms} ms)`]
      : []),
  ];
}
