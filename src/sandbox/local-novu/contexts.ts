import { z } from "zod";
import type { NovuRun, NovuState } from "./state.ts";

const MOST = 5;
const Id = z.string().regex(/^[a-zA-Z0-9_-]{1,100}$/);
const Data = z.record(z.string(), z.unknown());

/** The context of a trigger or an Inbox: for each type an id, or an id with data. */
export const Context = z
  .record(
    z.string(),
    z.union([Id.transform((id) => ({ id, data: undefined })), z.object({ id: Id, data: Data.optional() })]),
  )
  .refine((context) => Object.keys(context).length > 0 && Object.keys(context).length <= MOST, {
    message: `Invalid context payload type or exceeds maximum of ${MOST} contexts`,
  });
type Context = z.output<typeof Context>;

/** Novu makes each new context, and replaces its data if there are data. Answers the ids by type. */
export function saveContexts(state: NovuState, context: Context = {}): Record<string, string> {
  const entries = Object.entries(context);
  for (const [type, { id, data }] of entries)
    state.contexts[keyOf(type, id)] = data ?? state.contexts[keyOf(type, id)] ?? {};
  return Object.fromEntries(entries.map(([type, { id }]) => [type, id]));
}

/** The context in a bridge call. */
export function contextOf({ contexts }: NovuState, { context = {} }: NovuRun) {
  return Object.fromEntries(
    Object.entries(context).map(([type, id]) => [type, { id, data: contexts[keyOf(type, id)] ?? {} }]),
  );
}

/** The context of a run as Novu lists it. */
export function contextKeysOf(run: Pick<NovuRun, "context"> | undefined): string[] {
  return Object.entries(run?.context ?? {})
    .map(([type, id]) => keyOf(type, id))
    .sort();
}

/** The same text for equal contexts. An Inbox shows the notes of exactly its own context. */
export function contextText(keys: string[]): string {
  return [...keys].sort().join(",");
}

function keyOf(type: string, id: string): string {
  return `${type}:${id}`;
}
