import { Client, NovuRequestHandler, type Workflow } from "@novu/framework";
import type { Request } from "express";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type Answer, type Call, codeOf, UNAVAILABLE, urlOf } from "./bridge-call.ts";
import { signatureOf } from "./signed-body.ts";

/** A call as the framework gets it: with the request's own query and body, or with others in their place. */
interface FrameworkCall {
  request: Request;
  instead?: { step?: string; body: object };
}

export interface FrameworkOptions {
  secretKey: string;
  apiUrl: string;
  log: Log;
}

export type Framework = Awaited<ReturnType<typeof openFramework>>;

/** Novu's framework with these workflows. Throws for a workflow that cannot be discovered. */
export async function openFramework(workflows: Workflow[], { secretKey, apiUrl, log }: FrameworkOptions) {
  const client = new Client({
    secretKey,
    apiUrl,
    // Without it NODE_ENV decides, and in development the framework would check no signature.
    strictAuthentication: true,
    verbose: false,
    logger: frameworkLog(log),
  });
  for (const workflow of workflows) {
    await client.addWorkflows([workflow]).catch((error: unknown) => {
      throw new Error(
        `the workflow "${workflow.id}" cannot be discovered; its code must run with an empty payload outside its steps`,
        { cause: error },
      );
    });
  }
  const discovered = client.discover().workflows;
  return {
    workflows: discovered,
    handle: new NovuRequestHandler<[FrameworkCall], Answer>({
      frameworkName: "express",
      client,
      workflows,
      handler: adapter(secretKey),
    }).createHandler(),
    stepOf({ workflow, step }: Call) {
      const steps = discovered.find(({ workflowId }) => workflowId === workflow)?.steps;
      const found = steps?.find(({ stepId }) => stepId === step);
      return found && { type: String(found.type), schema: found.controls.schema as Record<string, unknown> };
    },
  };
}

function adapter(secretKey: string) {
  return ({ request, instead }: FrameworkCall) => ({
    method: () => request.method,
    headers: (name: string) =>
      instead !== undefined && name.toLowerCase() === "novu-signature"
        ? signatureOf(instead.body, secretKey)
        : request.get(name),
    body: () => instead?.body ?? request.body ?? {},
    url: () => urlOf(request, instead?.step),
    transformResponse: ({ status, headers, body }: Answer): Answer => {
      if (status < 500) return { status, headers, body };
      // The framework answers 502 for a step that throws, which Novu does not retry, and it shows the stack.
      return { ...UNAVAILABLE, headers, body: JSON.stringify({ ...JSON.parse(UNAVAILABLE.body), code: codeOf(body) }) };
    },
  });
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
