import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";

/** Novu takes at most five in a trigger, and refuses a trigger with another id. */
const MOST_CONTEXTS = 5;
const NOVU_ID = /^[a-zA-Z0-9_-]{1,100}$/;

/** The key of a group of an event at PostHog, such as that of the "company"; undefined where the event has none. */
export function groupOf({ properties: { $groups } }: LifecycleEvent, type: string): unknown {
  return typeof $groups === "object" && $groups !== null ? ($groups as Record<string, unknown>)[type] : undefined;
}

/**
 * Novu's context of the runs of an event. A missing value is left out. A value that Novu refuses does not fit, because
 * without its context a note would show in another Inbox.
 */
export function contextOf(
  event: LifecycleEvent,
  context: (event: LifecycleEvent) => Record<string, unknown>,
): ReturnType<NonNullable<WorkflowRoutes["contextOf"]>> {
  const made = attempt(() => Object.entries(context(event)));
  if (made === null) return { misfit: "its `context` fails on this event" };
  const present = made.map(([type, value]) => [type, idIn(value)] as const).filter(([, id]) => id !== "");
  const unusable = present.find(([type, id]) => id === null || !NOVU_ID.test(id) || !NOVU_ID.test(type));
  if (unusable !== undefined) return { misfit: `context.${unusable[0]}: no id that Novu takes` };
  if (present.length > MOST_CONTEXTS) return { misfit: `context: more than ${MOST_CONTEXTS}` };
  return { context: Object.fromEntries(present) as Record<string, string> };
}

/** Empty for a missing value; null for a value that is no id. */
function idIn(value: unknown): string | null {
  if (value === undefined || value === null) return "";
  return typeof value === "string" || Number.isSafeInteger(value) ? String(value).trim() : null;
}

function attempt<Value>(run: () => Value): Value | null {
  try {
    return run();
  } catch {
    return null;
  }
}
