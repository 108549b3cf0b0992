import type { z } from "zod";
import type { Shape } from "../contracts/shape.ts";
import { attachedZodSchema } from "../lib/attached.ts";
import { type FrameworkWorkflow, shapeOf } from "./discovered.ts";
import { shapeIdOf } from "./shape-id.ts";

/** A workflow as the code has it now. */
export interface WorkflowCode {
  shape: Shape;
  shapeId: string;
  /** Undefined where the workflow was not made by `lifecycle`. */
  payloadSchema: z.ZodObject | undefined;
  /** The result schemas of its custom steps, by step. */
  results: Map<string, z.ZodObject>;
}

export function workflowCode(workflow: FrameworkWorkflow): WorkflowCode {
  const shape = shapeOf(workflow);
  const customs = workflow.steps.flatMap(({ stepId, results }) => {
    const schema = attachedZodSchema<z.ZodObject>(results.unknownSchema);
    return schema === undefined ? [] : [[stepId, schema] as const];
  });
  return {
    shape,
    shapeId: shapeIdOf(shape),
    payloadSchema: attachedZodSchema<z.ZodObject>(workflow.payload?.unknownSchema),
    results: new Map(customs),
  };
}
