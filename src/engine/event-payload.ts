import type { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { setAtPath } from "../lib/json.ts";
import { fallbackFor } from "./web-url.ts";

/** The event as a workflow's payload. A link to a host that is not named becomes its fallback, with a note. */
export function eventPayload(
  event: LifecycleEvent,
  { from, schema }: { from(event: LifecycleEvent): object; schema: z.ZodObject },
): ReturnType<WorkflowRoutes["payloadOf"]> {
  try {
    return fitted(from(event), schema);
  } catch {
    // The error's message may quote the event.
    return { misfit: "its `from` fails on this event" };
  }
}

/** The fields that do not fit, and why; never their values. */
export function misfitOf(error: z.ZodError): string {
  return error.issues.map(reasonOf).join("; ");
}

function fitted(raw: object, schema: z.ZodObject): ReturnType<WorkflowRoutes["payloadOf"]> {
  const read = schema.safeParse(raw);
  if (read.success) return { payload: read.data };
  const fallbacks = read.error.issues.map((issue) => ({ path: issue.path, url: fallbackFor(issue) }));
  if (fallbacks.some(({ url }) => url === undefined)) return { misfit: misfitOf(read.error) };
  const replaced = fallbacks.reduce<unknown>((payload, { path, url }) => setAtPath(payload, path, url), raw);
  const payload = schema.safeParse(replaced);
  return payload.success
    ? { payload: payload.data, notes: read.error.issues.map(reasonOf) }
    : { misfit: misfitOf(payload.error) };
}

function reasonOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join(".")}: ${message}`;
}
