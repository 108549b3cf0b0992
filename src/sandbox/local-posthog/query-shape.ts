import type { PostHogState } from "./state.ts";

/** What a query comes to. */
export interface Table {
  columns: string[];
  types: Array<[string, string]>;
  results: unknown[][];
}

/** Answers the one shape of query that it understands; null to any other. */
export type AnswerShape = (query: {
  text: string;
  values: Record<string, unknown>;
  state: PostHogState;
}) => Table | null;

/** More is cut off without a word. */
export const MOST_ROWS = 50_000;

/** The values that a query of this shape brings for the named places in it; null when it is of another shape. */
export function valuesOf(shape: RegExp, text: string, values: Record<string, unknown>): Record<string, unknown> | null {
  const places = shape.exec(text)?.groups;
  return places ? Object.fromEntries(Object.entries(places).map(([use, name]) => [use, values[name]])) : null;
}

export function microseconds(time: string): number {
  return Date.parse(time) * 1000 + Number(beyondMilliseconds(time));
}

/** As Python writes it, which leaves out a fraction of nothing. */
export function inMicroseconds(time: string): string {
  const text = new Date(time).toISOString().replace("Z", `${beyondMilliseconds(time)}Z`);
  return text.replace(".000000", "");
}

function beyondMilliseconds(time: string): string {
  return (/\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "").padEnd(3, "0");
}
