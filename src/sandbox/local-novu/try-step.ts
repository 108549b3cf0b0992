import { randomUUID } from "node:crypto";
import type { BridgeAnswer, BridgeClient } from "./bridge-call.ts";
import type { NovuState, PublishedWorkflow } from "./state.ts";

/** Asks the bridge for one step as if all before it were over, in no run. */
export function tryStep(
  { state, bridge }: { state: NovuState; bridge: BridgeClient },
  {
    workflowId,
    steps,
    index,
    subscriberId,
    payload,
  }: {
    workflowId: string;
    steps: PublishedWorkflow["steps"];
    index: number;
    subscriberId: string;
    payload: object;
  },
): Promise<BridgeAnswer> {
  const stepId = steps[index]?.stepId ?? "";
  const query = { action: "execute", workflowId, stepId, environmentType: "dev", jobId: randomUUID() };
  const earlier = steps.slice(0, index).reverse();
  return bridge.post(state.bridgeUrl ?? "http://no-bridge.invalid", query, {
    payload,
    controls: state.controls[workflowId]?.[stepId] ?? {},
    state: [...earlier.map(untouched), { stepId: "", outputs: {}, state: { status: "completed" } }],
    subscriber: state.subscribers[subscriberId] ?? { subscriberId },
    context: {},
    env: { name: "Local", type: "dev" },
  });
}

/** An earlier step of a run that there is not: over, and nobody has looked at what it sent. */
function untouched({ stepId, type }: { stepId: string; type: string }): object {
  const outputs = {
    delay: { duration: 0 },
    digest: { events: [], eventCount: 0 },
    throttle: { throttled: false },
    in_app: { seen: false, read: false, lastSeenDate: null, lastReadDate: null },
  };
  return { stepId, outputs: outputs[type as keyof typeof outputs] ?? {}, state: { status: "completed" } };
}
