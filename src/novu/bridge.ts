import { Client, NovuRequestHandler, type Workflow } from "@novu/framework";
import { json, type Request, type Response, Router } from "express";
import type { SendingStep } from "../contracts/workflow.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Novu's payloads reach 512 KB, and a digest brings many of them. */
const LARGEST_BODY = "5mb";

export interface Discovered {
  id: string;
  steps: number;
  sendingSteps: SendingStep[];
}

export interface Bridge {
  router: Router;
  workflows: Discovered[];
}

/**
 * The endpoint that Novu calls for each step. The same workflows are there twice: live ones to
 * execute, and samples to preview, because a preview runs the steps' code with invented people.
 */
export async function openBridge({
  secretKey,
  apiUrl,
  live,
  samples,
  log,
}: {
  secretKey: string;
  apiUrl: string;
  live: Workflow[];
  samples: Workflow[];
  log: Log;
}): Promise<Bridge> {
  const liveSide = await openSide(live);
  const sampleSide = await openSide(samples);

  const router = Router().use(json({ limit: LARGEST_BODY }), async (request, response) => {
    const startedAt = performance.now();
    const query = urlOf(request).searchParams;
    const handle = query.get("action") === "preview" ? sampleSide.handle : liveSide.handle;
    await handle(request, response);
    const [action, workflow, step] = ["action", "workflowId", "stepId"].map((name) => query.get(name));
    log.info({
      stop: "bridge",
      action,
      workflow,
      step,
      answer: response.statusCode,
      ms: Math.round(performance.now() - startedAt),
    });
  });
  return { router, workflows: liveSide.client.discover().workflows.map(discovered) };

  async function openSide(workflows: Workflow[]) {
    // Said outright: left to NODE_ENV, the framework would check no signature in development.
    const client = new Client({
      secretKey,
      apiUrl,
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
    const handle = new NovuRequestHandler<[Request, Response], void>({
      frameworkName: "express",
      client,
      workflows,
      handler: adapter,
    }).createHandler();
    return { client, handle };
  }
}

/** Express as the framework wants to see it. */
function adapter(request: Request, response: Response) {
  return {
    method: () => request.method,
    headers: (name: string) => request.get(name),
    body: () => request.body ?? {},
    url: () => urlOf(request),
    transformResponse: ({
      status,
      headers,
      body,
    }: {
      status: number;
      headers: Record<string, string>;
      body: string;
    }) => {
      response.set(headers);
      // Novu gives up at once on 502, which the framework says for a step that throws, and both leak a stack.
      if (status >= 500)
        response
          .status(503)
          .json({ code: codeOf(body), message: "the step could not be made now; the bridge's log says why" });
      else response.status(status).send(body);
    },
  };
}

/** Parsed as the framework parses it, so that both see the same action. */
function urlOf(request: Request): URL {
  return new URL(request.originalUrl, "http://bridge");
}

function codeOf(body: string): string | undefined {
  return (JSON.parse(body) as { code?: string }).code;
}

/** The framework reports failed calls as errors with stacks; one line says enough. */
function frameworkLog(log: Log) {
  const line = (level: "info" | "warn" | "error") => (first?: unknown, cause?: unknown) => {
    log[level]({
      stop: "bridge",
      message: describeError(first),
      ...(cause !== undefined && { error: describeError(cause) }),
    });
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function discovered({ workflowId, steps }: ReturnType<Client["discover"]>["workflows"][number]): Discovered {
  const sendingSteps = steps.flatMap(({ stepId, type }) =>
    type === "email" || type === "in_app" ? [{ step: stepId, channel: type } as const] : [],
  );
  return { id: workflowId, steps: steps.length, sendingSteps };
}
