import { createHash } from "node:crypto";
import { Client, NovuRequestHandler, type Workflow } from "@novu/framework";
import type { z } from "zod";
import { isChannel } from "../contracts/channel.ts";
import {
  attachedEventWait,
  attachedFixedWait,
  attachedZodSchema,
  type DiscoveredWorkflow,
  isKeptAfterExit,
  type Shape,
  sendingStepsOf,
} from "../contracts/workflow.ts";
import { DAY_MS, NOVU_UNITS_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type Answer, type BridgeRequest, type Call, codeOf, headerOf, UNAVAILABLE, urlOf } from "./bridge-call.ts";

/** A call for the framework. `instead` replaces the step and the body of the request. */
interface FrameworkCall {
  request: BridgeRequest;
  instead?: { step?: string; body: object };
}

interface FrameworkOptions {
  secretKey: string;
  apiUrl: string;
  log: Log;
}

/** The framework with the fork's workflows, live to execute and as samples for previews. */
export interface Frameworks {
  live: Framework;
  /** The same workflows with a sample person, for previews. */
  samples: Framework;
  /** The workflows as Novu discovers them. */
  workflows: Discovered[];
}

/** Opens the framework for each build of the workflows. Throws for a workflow that cannot be discovered. */
export async function openFrameworks({
  live,
  samples,
  ...options
}: { live: Workflow[]; samples: Workflow[] } & FrameworkOptions): Promise<Frameworks> {
  const sampleSide = await openFramework(samples, options);
  return {
    live: await openFramework(live, options),
    samples: sampleSide,
    // From the samples, because finding the length of a wait runs the code of the wait.
    workflows: await Promise.all(sampleSide.workflows.map(discovered)),
  };
}

/** The workflows as a bridge would show them to Novu. */
export async function discoverWorkflows(workflows: Workflow[], log: Log): Promise<Discovered[]> {
  // There are no calls, so the key is never used.
  const side = await openFramework(workflows, { secretKey: "none", apiUrl: "http://novu.invalid", log });
  return Promise.all(side.workflows.map(discovered));
}

type Framework = Awaited<ReturnType<typeof openFramework>>;

/** Novu's framework with these workflows. Throws for a workflow that cannot be discovered. */
async function openFramework(workflows: Workflow[], { secretKey, apiUrl, log }: FrameworkOptions) {
  const client = new Client({
    secretKey,
    apiUrl,
    // By default NODE_ENV decides, and in development the framework checks no signature.
    strictAuthentication: true,
    verbose: false,
    logger: frameworkLog(log),
  });
  for (const workflow of workflows) {
    await client.addWorkflows([workflow]).catch((error: unknown) => {
      throw new Error(`the workflow "${workflow.id}" cannot be used`, { cause: error });
    });
  }
  const known = client.discover().workflows;
  const handlerOf = (of: Client) => {
    const options = { frameworkName: "express", client: of, workflows, handler: adapt } as const;
    return new NovuRequestHandler<[FrameworkCall], Answer>(options).createHandler();
  };
  return {
    workflows: known,
    handle: handlerOf(client),
    /**
     * Only for a body whose signature has been verified. The framework would make the JSON of the body and its signature
     * once more, which takes a quarter of the CPU of a step.
     */
    handleVerified: handlerOf(Object.create(client, { strictAuthentication: { value: false } }) as Client),
    stepOf({ workflow, step }: Call) {
      const steps = known.find(({ workflowId }) => workflowId === workflow)?.steps;
      const found = steps?.find(({ stepId }) => stepId === step);
      return found && { type: String(found.type), schema: found.controls.schema as Record<string, unknown> };
    },
  };
}

function adapt({ request, instead }: FrameworkCall) {
  return {
    method: () => request.method ?? "",
    headers: (name: string) => headerOf(request, name),
    body: () => instead?.body ?? request.body ?? {},
    url: () => urlOf(request, instead?.step),
    transformResponse: ({ status, headers, body }: Answer): Answer => {
      if (status < 500) return { status, headers, body };
      // For a step that throws, the framework answers 502 with the stack. Novu does not retry after a 502.
      return { ...UNAVAILABLE, headers, body: JSON.stringify({ ...JSON.parse(UNAVAILABLE.body), code: codeOf(body) }) };
    },
  };
}

/** One line for each failed call; the framework would log errors with their stacks. */
function frameworkLog(log: Log) {
  const line = (level: "info" | "warn" | "error") => (first?: unknown, cause?: unknown) => {
    log[level]({
      component: "novu",
      message: describeError(first),
      ...(cause !== undefined && { error: describeError(cause) }),
    });
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

type FrameworkWorkflow = ReturnType<Client["discover"]>["workflows"][number];
type Step = FrameworkWorkflow["steps"][number];

export interface Discovered extends DiscoveredWorkflow {
  steps: number;
  /** How long a run may be in progress before its first message is decided, in milliseconds. */
  firstMessageMs: number;
  /** The hash of the shape. */
  shapeId: string;
}

async function discovered(workflow: FrameworkWorkflow): Promise<Discovered> {
  const { workflowId, name, description, tags, steps } = workflow;
  const shape = shapeOf(workflow);
  return {
    id: workflowId,
    name: name ?? workflowId,
    description: description ?? "",
    tags: tags ?? [],
    steps: steps.length,
    sendingSteps: sendingStepsOf(shape),
    withdrawnNotes: steps
      .filter(({ type, resolve }) => type === "in_app" && !isKeptAfterExit(resolve))
      .map(({ stepId }) => stepId),
    firstMessageMs: await firstMessageMs(steps),
    shape,
    shapeId: hashOf(shape),
  };
}

function shapeOf({ workflowId, steps, payload }: FrameworkWorkflow): Shape {
  return {
    workflow: workflowId,
    steps: steps.map(({ stepId, type, resolve }) => {
      const fixed = attachedFixedWait(resolve);
      const atMostMs = attachedEventWait(resolve);
      return { step: stepId, type: String(type), ...(fixed && { fixed }), ...(atMostMs !== undefined && { atMostMs }) };
    }),
    payload: hashOf(payload?.schema ?? null),
  };
}

/**
 * How long a run may be in progress before its first message is decided, in milliseconds: the sum of the waits before
 * the message. A wait for the sending hours, or a wait of unknown length, counts as a day.
 */
export async function firstMessageMs(steps: Step[]): Promise<number> {
  let totalMs = 0;
  for (const [index, step] of steps.entries()) {
    if (isChannel(step.type)) break;
    totalMs += attachedEventWait(step.resolve) ?? 0;
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
    shapeId: hashOf(shape),
    payloadSchema: attachedZodSchema(workflow.payload?.unknownSchema),
    results: new Map(customs),
  };
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 20);
}
