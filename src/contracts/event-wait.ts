import { z } from "zod";
import { NoteState, NovuContext } from "./novu.ts";
import { Run } from "./run.ts";

/** The rest of a run that waits for an event. Each part of a run is a trigger at Novu. */
export const NextPart = z.object({
  workflow: z.string().min(1),
  /** The run in its present part. */
  run: Run,
  /** The step that waits. */
  wait: z.string().min(1),
  /** When the wait ends without an event, ISO 8601. */
  endsAt: z.iso.datetime(),
  /** The steps of the present part, the wait included. */
  steps: z.array(z.string()),
  /** The in-app notes among these steps. */
  notes: z.array(z.string()),
  payload: z.record(z.string(), z.unknown()),
  /** Novu's context of the present part; absent where it has none. */
  context: NovuContext.optional(),
  /** The hash of the schema that the payload was made for (`payload` of a shape); absent where it is not known. */
  payloadSchema: z.string().optional(),
});
export type NextPart = z.infer<typeof NextPart>;

/** The end of a wait. */
export const WaitResult = z.object({
  /** Whether the event came. */
  came: z.boolean(),
  /** The in-app notes of the run then, by step. */
  notes: z.record(z.string(), NoteState),
  /** Whether the person of a run with `eventEmail` has an own email address by now. */
  hasEmail: z.boolean(),
});
export type WaitResult = z.infer<typeof WaitResult>;

/** An event that ends a wait is stored like an exit, under this name in place of the workflow's id. */
export function waitName(workflow: string, wait: string): string {
  return `${workflow}#${wait}`;
}

/** The workflow and the wait in the name of an exit; `wait` is null for an exit of the workflow. */
export function waitIn(name: string): { workflow: string; wait: string | null } {
  // No id of a workflow contains "#".
  const [workflow = name, wait = null] = name.split("#", 2);
  return { workflow, wait };
}
