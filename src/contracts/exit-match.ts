import { createHash } from "node:crypto";
import { z } from "zod";
import { type Arrived, isSince } from "./run.ts";

/**
 * The runs of a workflow that an exit event ends: those with this match key, of the event's person or of anyone.
 * `field` is the field of the payload.
 */
export const ExitMatch = z.object({ field: z.string(), key: z.string(), of: z.enum(["person", "anyone"]) });
export type ExitMatch = z.infer<typeof ExitMatch>;

/** All runs of the event's person. */
export const ALL_RUNS: ExitMatch = { field: "", key: "", of: "person" };

/** The match keys of a run, by field of its payload. A field without a usable value is absent. */
export const MatchKeys = z.record(z.string(), z.string());
export type MatchKeys = z.infer<typeof MatchKeys>;

/**
 * A hash, because the value may be an email address. Null for a value that is not usable: only a number and a text that
 * is not blank are. A number equals the text with the same characters, and blanks at the ends do not count.
 */
export function matchKey(workflow: string, field: string, value: unknown): string | null {
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string" || text.trim() === "") return null;
  return createHash("sha256")
    .update(`exit ${JSON.stringify([workflow, field, text.trim()])}`)
    .digest("hex");
}

/** Two places with the same value: a field of the payload, and a property of an exit event. */
export interface SameValue<Field extends string = string> {
  payload: Field;
  event: string;
  of: ExitMatch["of"];
}

/** The keys by which an exit ends runs of anyone. */
export function keysOfAnyone({ matches = [] }: { matches?: ExitMatch[] | undefined }): string[] {
  return matches.flatMap(({ key, of }) => (of === "anyone" ? [key] : []));
}

type Exit = Arrived & { matches?: ExitMatch[] | undefined };
type EndedRun = Arrived & { matchKeys: MatchKeys };

/** Whether an exit ends this run of the same person. A run without a usable value is ended by every exit. */
export function endsRun({ matches = [ALL_RUNS], ...exit }: Exit, { matchKeys, ...run }: EndedRun): boolean {
  return isSince(exit, run) && matches.some(({ field, key }) => key === (matchKeys[field] ?? key));
}

/** Whether an exit ends this run of another person. */
export function endsRunOfOther({ matches = [], ...exit }: Exit, { matchKeys, ...run }: EndedRun): boolean {
  return isSince(exit, run) && matches.some(({ field, key, of }) => of === "anyone" && key === matchKeys[field]);
}
