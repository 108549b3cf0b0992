import type { LifecycleEvent } from "../contracts/event.ts";
import type { SendingStep, WorkflowRoutes } from "../contracts/workflow.ts";
import type { WorkflowFacts } from "./facts.ts";

/** What Novu discovers of a workflow. */
interface Discovered {
  id: string;
  name: string;
  description: string;
  tags: string[];
  outline: Array<{ step: string; type: string }>;
  sendingSteps: SendingStep[];
}

/** What the code says of a workflow: to Novu by its discovery, and to routing. */
export function workflowFacts(
  { id, name, description, tags, outline, sendingSteps }: Discovered,
  workflows: Array<WorkflowRoutes & { category: "marketing" | "transactional"; topic: string | null }>,
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
    listens: events.map((event) => ({ event, does: whatDoes(event, routes) })),
    steps: outline.map((one) => ({
      ...one,
      channel: sendingSteps.find(({ step }) => step === one.step)?.channel ?? null,
    })),
  };
}

/** Found out with an event that has nothing but its name, which meets no condition. */
function whatDoes(name: string, routes: WorkflowRoutes | undefined): WorkflowFacts["listens"][number]["does"] {
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
    // Its condition reads what is not there.
  }
  return "starts or ends it, on a condition";
}
