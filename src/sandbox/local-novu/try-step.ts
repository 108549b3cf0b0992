import { randomUUID } from "node:crypto";
import type { BridgeAnswer, BridgeClient } from "./bridge-call.ts";
import type { NovuState, PublishedWorkflow } from "./state.ts";

type StepState = { stepId: string; outputs: object; state: { status: string } };

/** Example outputs of earlier steps: no step has waited, and the subscriber has not seen a note. */
const OUTPUTS: Record<string, object> = {
  delay: { duration: 0 },
  digest: { events: [], eventCount: 0 },
  throttle: { throttled: false },
  in_app: { seen: false, read: false, lastSeenDate: null, lastReadDate: null },
};

/**
 * Calls the bridge for a step outside any run, as if all earlier steps were completed. Before that, calls the bridge
 * for each earlier custom step to get its outputs.
 */
export async function tryStep(
  { state, bridge }: { state: NovuState; bridge: BridgeClient },
  {
    workflowId,
    stepId,
    subscriberId,
    payload,
    locale,
    jobId,
  }: {
    workflowId: string;
    stepId: string;
    subscriberId: string;
    payload: object;
    /** Replaces the subscriber's. */
    locale?: string | undefined;
    /** The id of the call for the step itself; a new one by default. */
    jobId?: string | undefined;
  },
): Promise<BridgeAnswer> {
  const { earlierSteps } = findStep(state, workflowId, stepId);
  // The nearest step first, and the trigger itself last.
  let earlier: StepState[] = [completed("", {})];
  for (const { stepId, type } of earlierSteps) {
    const outputs = type === "custom" ? await outputsOf(stepId) : (OUTPUTS[type] ?? {});
    earlier = [completed(stepId, outputs), ...earlier];
  }
  return call(stepId, jobId);

  async function outputsOf(customStepId: string): Promise<object> {
    const { body } = await call(customStepId);
    return (body.outputs as object | undefined) ?? {};
  }

  function call(stepId: string, jobId: string = randomUUID()): Promise<BridgeAnswer> {
    const query = { action: "execute", workflowId, stepId, environmentType: "dev", jobId };
    return bridge.postOnce(state.bridgeUrl ?? "http://no-bridge.invalid", query, {
      payload,
      controls: state.controls[workflowId]?.[stepId] ?? {},
      state: earlier,
      subscriber: { subscriberId, channels: [], ...state.subscribers[subscriberId], ...(locale && { locale }) },
      context: {},
      env: { name: "Local", type: "dev" },
    });
  }
}

function completed(stepId: string, outputs: object): StepState {
  return { stepId, outputs, state: { status: "completed" } };
}

/** Throws for an unknown step. */
export function findStep(
  { workflows }: Pick<NovuState, "workflows">,
  workflowId: string,
  stepId: string,
): { earlierSteps: PublishedWorkflow["steps"] } {
  const steps = workflows.find((workflow) => workflow.workflowId === workflowId)?.steps ?? [];
  const index = steps.findIndex((step) => step.stepId === stepId);
  if (index === -1) throw new Error(`the local Novu has no step "${stepId}" of "${workflowId}"`);
  return { earlierSteps: steps.slice(0, index) };
}
