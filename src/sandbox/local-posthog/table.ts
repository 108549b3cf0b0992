import { z } from "zod";

// Shared by the answers to queries.

/** The answer to a query. */
export interface Table {
  columns: string[];
  types: Array<[string, string]>;
  results: unknown[][];
}

/** PostHog returns at most this many rows, and does not say that there are more. */
export const MOST_ROWS = 50_000;

export const Time = z.iso.datetime({ offset: true });
export const PageValues = z.strictObject({ from: Time, until: Time, after: z.string(), limit: z.int().positive() });

export function microseconds(time: string): number {
  return Date.parse(time) * 1000 + Number(beyondMilliseconds(time));
}

/** The time as Python writes it: a fraction of zero is left out. */
export function inMicroseconds(time: string): string {
  const text = new Date(time).toISOString().replace("Z", `${beyondMilliseconds(time)}Z`);
  return text.replace(".000000", "");
}

function beyondMilliseconds(time: string): string {
  return (/\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "").padEnd(3, "0");
}
