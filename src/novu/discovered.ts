import { createHash } from "node:crypto";
import type { Client } from "@novu/framework";
import type { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import {
  attachedFixedWait,
  attachedZodSchema,
  type SendingStep,
  type Shape,
  sendingStepsOf,
} from "../contracts/workflow.ts";
import { DAY_MS, NOVU_UNITS_MS } from "../lib/durations.ts";

type FrameworkWorkflow = ReturnType<Client["discover"]>["workflows"][number];

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

function shapeOf({ workflowId, steps, payload }: FrameworkWorkflow): Shape {
  return {
    workflow: workflowId,
    steps: steps.map(({ stepId, type, resolve }) => {
      const fixed = attachedFixedWait(resolve);
      return { step: stepId, type: String(type), ...(fixed && { fixed }) };
    }),
    payload: hashOf(payload?.schema ?? null),
  };
}

type Step = ReturnType<Client["discover"]>["workflows"][number]["steps"][number];

/**
 * How long a run may be in progress before its first message is decided, in milliseconds: the sum of the waits before
 * it. A wait for the sending hours, or of unknown length, counts as a day.
 */
export async function firstMessageMs(steps: Step[]): Promise<number> {
  let totalMs = 0;
  for (const [index, step] of steps.entries()) {
    if (Channel.safeParse(step.type).success) break;
    if (step.type !== "delay" && step.type !== "digest") continue;
    totalMs += step.stepId === `${steps[index + 1]?.stepId}-hours` ? DAY_MS : await lengthOf(step);
  }
  return totalMs;
}

async function lengthOf({ resolve }: Step): Promise<number> {
  try {
    const { amount, unit } = (await resolve({})) as { amount?: number; unit?: string };
    return amount === undefined ? DAY_MS : amount * (NOVU_UNITS_MS[unit ?? ""] ?? DAY_MS);
  } catch {
    return DAY_MS;
  }
}

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
    const schema = attachedZodSchema(results.unknownSchema);
    return schema === undefined ? [] : [[stepId, schema] as const];
  });
  return {
    shape,
    shapeId: shapeIdOf(shape),
    payloadSchema: attachedZodSchema(workflow.payload?.unknownSchema),
    results: new Map(customs),
  };
}

/** The same shape always has the same id. */
function shapeIdOf(shape: Shape): string {
  return hashOf(shape);
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 20);
}
