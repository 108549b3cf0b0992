import { randomUUID } from "node:crypto";
import type { BridgeAnswer, BridgeClient } from "./bridge-call.ts";
import type { NovuState, PublishedWorkflow } from "./state.ts";

type StepState = { stepId: string; outputs: object; state: { status: string } };

/** Asks the bridge for one step as if all before it were over, in no run; custom steps before it are asked as well. */
export async function tryStep(
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
  // Nearest first, and the trigger itself at the end.
  let before: StepState[] = [over("", {})];
  for (const { stepId, type } of steps.slice(0, index)) {
    const outputs = type === "custom" ? await made(stepId) : (UNTOUCHED[type] ?? {});
    before = [over(stepId, outputs), ...before];
  }
  return ask(steps[index]?.stepId ?? "");

  async function made(stepId: string): Promise<object> {
    const { body } = await ask(stepId);
    return (body.outputs as object | undefined) ?? {};
  }

  function ask(stepId: string): Promise<BridgeAnswer> {
    const query = { action: "execute", workflowId, stepId, environmentType: "dev", jobId: randomUUID() };
    return bridge.post(state.bridgeUrl ?? "http://no-bridge.invalid", query, {
      payload,
      controls: state.controls[workflowId]?.[stepId] ?? {},
      state: before,
      subscriber: { subscriberId, channels: [], ...state.subscribers[subscriberId] },
      context: {},
      env: { name: "Local", type: "dev" },
    });
  }
}

function over(stepId: string, outputs: object): StepState {
  return { stepId, outputs, state: { status: "completed" } };
}

/** What is told of steps that nobody waited at or has looked at. */
const UNTOUCHED: Record<string, object> = {
  delay: { duration: 0 },
  digest: { events: [], eventCount: 0 },
  throttle: { throttled: false },
  in_app: { seen: false, read: false, lastSeenDate: null, lastReadDate: null },
};
