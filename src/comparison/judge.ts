import { setImmediate } from "node:timers/promises";
import type { EventProblem } from "../contracts/comparison.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { problemsOfProperty } from "./judge-property.ts";
import { outcomeOf, readsIn } from "./outcome.ts";
import { allOf, ENOUGH_EVENTS, grouped, problem, type Sampled, SHARE } from "./sample.ts";

/** So many events show the properties that a workflow reads. */
const RUN_FOR_READS = 200;
const SLICE = 50;

/**
 * The problems of one workflow with these events, which have the same name. Tests each finding by its effect. Pauses
 * every few milliseconds, because the running app answers webhooks meanwhile.
 */
export async function problemsOf(
  workflow: WorkflowRoutes,
  events: LifecycleEvent[],
  types: Map<string, string | null> | null,
): Promise<EventProblem[]> {
  if (events.length === 0) return [];
  const sampled = await inSlices(events, (event) => ({ event, outcome: outcomeOf(workflow, event) }));
  const every = Math.ceil(events.length / RUN_FOR_READS);
  const forReads = events.filter((_, index) => index % every === 0);
  const reads = [...new Set((await inSlices(forReads, (event) => readsIn(workflow, event))).flat())];
  const explained = new Set<Sampled>();
  const ofProperties: EventProblem[] = [];
  for (const property of reads) {
    ofProperties.push(...problemsOfProperty({ workflow, property, sampled, types, reads, explained }));
    await setImmediate();
  }
  return [...ofProperties, ...misfits(workflow, sampled, explained), ...idleConditions(workflow, sampled)];
}

async function inSlices<Item, Result>(items: Item[], run: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    results.push(...items.slice(at, at + SLICE).map(run));
    await setImmediate();
  }
  return results;
}

/** Events that match, but whose payload does not fit for a reason that no property explains. */
function misfits(workflow: WorkflowRoutes, sampled: Sampled[], explained: Set<Sampled>): EventProblem[] {
  const unexplained = sampled.filter((one) => !explained.has(one));
  const reasons = unexplained.flatMap(({ outcome: { misfit } }) => misfit ?? []);
  if (reasons.length <= sampled.length * SHARE) return [];
  const counts = [...grouped(reasons, (reason) => reason)].sort(([, a], [, b]) => b.length - a.length);
  const most = counts[0]?.[0] ?? "";
  const text = `${reasons.length} of ${allOf(sampled)} do not fit ${workflow.id}: ${most}`;
  return [problem("does not fit", { workflow, property: null, sampled }, { text })];
}

function idleConditions(workflow: WorkflowRoutes, sampled: Sampled[]): EventProblem[] {
  if (sampled.length < ENOUGH_EVENTS) return [];
  const name = sampled[0]?.event.name;
  const matchers = workflow.matchers.filter(({ event }) => event === name);
  return matchers.flatMap(({ isConditional, does }, index) => {
    if (!isConditional || sampled.some(({ outcome }) => outcome.matches[index] === true)) return [];
    const text = `the condition under which "${name}" ${does} ${workflow.id} held in none of ${allOf(sampled)}`;
    return [problem("condition never held", { workflow, property: null, sampled }, { text })];
  });
}
