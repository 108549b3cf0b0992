import type { PostHogState } from "./state.ts";

/** The answer to a query. */
export interface Table {
  columns: string[];
  types: Array<[string, string]>;
  results: unknown[][];
}

/** Answers one query by its values; null when they are not the values of that query. */
export type AnswerQuery = (values: Record<string, unknown>, state: PostHogState) => Table | null;

/** PostHog cuts off further rows without a notice. */
export const MOST_ROWS = 50_000;

export function microseconds(time: string): number {
  return Date.parse(time) * 1000 + Number(beyondMilliseconds(time));
}

/** As Python writes it: without a fraction of zero. */
export function inMicroseconds(time: string): string {
  const text = new Date(time).toISOString().replace("Z", `${beyondMilliseconds(time)}Z`);
  return text.replace(".000000", "");
}

function beyondMilliseconds(time: string): string {
  return (/\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "").padEnd(3, "0");
}
