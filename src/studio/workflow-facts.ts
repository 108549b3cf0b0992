import type { LifecycleEvent } from "../contracts/event.ts";
import type { SendingStep, WorkflowRoutes } from "../contracts/workflow.ts";
import type { WorkflowFacts } from "./facts.ts";

/** A workflow as Novu discovers it. */
export interface Discovered {
  id: string;
  name: string;
  description: string;
  tags: string[];
  outline: Array<{ step: string; type: string }>;
  sendingSteps: SendingStep[];
}

export interface Routes extends WorkflowRoutes {
  category: "marketing" | "transactional";
  topic: string | null;
}

/** A workflow from its discovery, and from its routes. */
export function workflowFacts(
  { id, name, description, tags, outline, sendingSteps }: Discovered,
  workflows: Routes[],
): WorkflowFacts {
  const routes = workflows.find((workflow) => workflow.id === id);
  const events = [...new Set(routes?.events)];
  return {
    id,
    name,
    description,
    tags,
    category: routes?.category ?? "transactional",
    topic: routes?.topic ?? null,
    events,
    listens: events.map((event) => ({ event, does: effectOf(event, routes) })),
    steps: outline.map((one) => ({
      ...one,
      channel: sendingSteps.find(({ step }) => step === one.step)?.channel ?? null,
    })),
  };
}

/** Tested with an event that has only a name, so that no condition is met. */
function effectOf(name: string, routes: WorkflowRoutes | undefined): WorkflowFacts["listens"][number]["does"] {
  const bare: LifecycleEvent = {
    source: "posthog",
    uuid: "",
    name,
    distinctId: "",
    occurredAt: new Date(0).toISOString(),
    properties: {},
    personProperties: null,
  };
  try {
    if (routes?.startedBy(bare)) return "starts it";
    if (routes?.ends(bare)) return "ends it";
  } catch {
    // The condition needs properties that this event does not have.
  }
  return "starts or ends it, on a condition";
}
