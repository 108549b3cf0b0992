import type { Client } from "@novu/framework";
import { type FixedWait, type Shape, sendingStepsOf } from "../contracts/shape.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { attachedFixedWait } from "../lib/attached.ts";
import { firstMessageMs } from "./first-message.ts";
import { hashOf, shapeIdOf } from "./shape-id.ts";

export type FrameworkWorkflow = ReturnType<Client["discover"]>["workflows"][number];

/** A workflow as Novu discovers it. */
export interface Discovered {
  id: string;
  name: string;
  description: string;
  tags: string[];
  /** In the order Novu runs them. */
  outline: Array<{ step: string; type: string }>;
  steps: number;
  sendingSteps: SendingStep[];
  /** How long a run may be in progress before its first message is decided, in milliseconds. */
  firstMessageMs: number;
  shape: Shape;
  shapeId: string;
}

export async function discovered(workflow: FrameworkWorkflow): Promise<Discovered> {
  const { workflowId, name, description, tags, steps } = workflow;
  const shape = shapeOf(workflow);
  return {
    id: workflowId,
    name: name ?? workflowId,
    description: description ?? "",
    tags: tags ?? [],
    outline: shape.steps.map(({ step, type }) => ({ step, type })),
    steps: steps.length,
    sendingSteps: sendingStepsOf(shape),
    firstMessageMs: await firstMessageMs(steps),
    shape,
    shapeId: shapeIdOf(shape),
  };
}

export function shapeOf({ workflowId, steps, payload }: FrameworkWorkflow): Shape {
  return {
    workflow: workflowId,
    steps: steps.map(({ stepId, type, resolve }) => {
      const fixed = attachedFixedWait<FixedWait>(resolve);
      return { step: stepId, type: String(type), ...(fixed && { fixed }) };
    }),
    payload: hashOf(payload?.schema ?? null),
  };
}
