import type { EventProblem } from "../contracts/comparison.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { Outcome } from "./outcome.ts";

/** A smaller share of the events may be wrong by chance. */
export const SHARE = 0.01;
/** In fewer events, a rare condition or property may be missing by chance. */
export const ENOUGH_EVENTS = 20;

/** An event, and its effect on the workflow that is judged. */
export interface Sampled {
  event: LifecycleEvent;
  outcome: Outcome;
}

export function problem(
  kind: EventProblem["kind"],
  { workflow, property, sampled }: { workflow: WorkflowRoutes; property: string | null; sampled: Sampled[] },
  { nearest = null, text }: { nearest?: string | null; text: string },
): EventProblem {
  return { kind, workflows: [workflow.id], event: sampled[0]?.event.name ?? null, property, nearest, text };
}

export function allOf(sampled: Sampled[]): string {
  return `the newest ${sampled.length} "${sampled[0]?.event.name}"`;
}

export function grouped<Item, Key>(items: Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
