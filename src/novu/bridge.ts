import { createHmac } from "node:crypto";
import { Client, NovuRequestHandler, type Workflow } from "@novu/framework";
import { type Request, Router } from "express";
import type { z } from "zod";
import { ANSWER_WITHIN_MS } from "../contracts/bridge-time.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Run } from "../contracts/run.ts";
import { shapeIdOf } from "../contracts/shape.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { zodBehind } from "../lib/marks.ts";
import { type BodyBudget, isSoonRead } from "../lib/read-body.ts";
import { type Continuation, createContinuation, type Keeper, runIn, type WorkflowCode } from "./continue-run.ts";
import { type Discovered, discovered, shapeOf } from "./discovered.ts";
import { type Answer, type Call, codeOf, type ExecuteBody, type FrameworkCall } from "./execute-call.ts";
import type { NotedDecisions } from "./noted-decisions.ts";
import { createSettle, type RecordDecision } from "./settle.ts";
import { signedBody } from "./signed-body.ts";
import { runWithUsableControls } from "./usable-controls.ts";

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
  budget,
  live,
  samples,
  decisions,
  record,
  decisionsOf,
  keeper,
  onWait,
  withRun,
  now,
  log,
}: {
  secretKey: string;
  apiUrl: string;
  budget: BodyBudget;
  live: Workflow[];
  samples: Workflow[];
  /** Where the live workflows note what they decide. */
  decisions: NotedDecisions;
  record: RecordDecision;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  keeper: Keeper;
  /** A wait of a run begins that the code knows nothing of, in milliseconds. */
  onWait(run: Run, waitMs: number): Promise<void>;
  /** The body with a run in it, where the trigger did not come from here. */
  withRun(call: Call, body: ExecuteBody): Promise<ExecuteBody>;
  now: () => number;
  log: Log;
}): Promise<Bridge> {
  const liveSide = await openSide(live, { secretKey, apiUrl, log });
  const sampleSide = await openSide(samples, { secretKey, apiUrl, log });
  // Of the samples, because the length of a wait is found out by running a part of them.
  const workflows = await Promise.all(sampleSide.workflows.map(discovered));
  const codes = new Map(liveSide.workflows.map((workflow) => [workflow.workflowId, workflowCode(workflow)]));
  const settle = createSettle({ record, decisionsOf, now });
  const continuationOf = createContinuation({
    codeOf: (workflow) => codes.get(workflow),
    keeper,
    onWait,
    now,
  });

  const router = Router().use(signedBody({ secretKey, budget }), async (request, response) => {
    const startedAt = performance.now();
    const call = callOf(request);
    const { status, headers, body } = await withinTime((isLate) => answerTo(request, call, isLate));

    const code = status >= 400 ? codeOf(body) : undefined;
    const { jobId: _, ...facts } = call;
    const ms = Math.round(performance.now() - startedAt);
    log[status >= 400 ? "warn" : "info"]({ component: "bridge", ...facts, answer: status, code, ms });
    if (!isSoonRead(request)) response.set("connection", "close");
    response.status(status).set(headers).send(body);
  });
  return { router, workflows };

  async function answerTo(request: Request, call: Call, isLate: () => boolean): Promise<Answer> {
    // Without a body the call is a GET, or the signature does not fit, which the framework says.
    if (call.action !== "execute" || request.body === undefined)
      return (call.action === "preview" ? sampleSide : liveSide).handle({ request });
    return decisions.during(async () => {
      const { continuation, answer, unusable } = await execute(request, call);
      const noted = decisions
        .noted()
        .map((one) => (unusable.length > 0 ? { ...one, unusableControls: unusable } : one));
      return settle(answer, { call, request, continuation, noted, isLate });
    });
  }

  async function execute(
    request: Request,
    call: Call,
  ): Promise<{ continuation: Continuation; answer: Answer; unusable: string[] }> {
    let came = request.body as ExecuteBody;
    const runCustom = (step: string, body: ExecuteBody) => outputsOf(step, request, body);
    try {
      came = await withRun(call, came);
      const continuation = await continuationOf(call, came, runCustom);
      const { standIn, body = came } = continuation;
      if (standIn === undefined) return { continuation, ...(await runCode(request, call, body)) };
      log.info({ component: "bridge", workflow: call.workflow, step: call.step, outcome: "answered without its code" });
      if (standIn.decision !== null) decisions.note(standIn.decision);
      return { continuation, answer: standIn.answer, unusable: [] };
    } catch (error) {
      log.error({ component: "bridge", workflow: call.workflow, step: call.step, error: describeError(error) });
      const shape = codes.get(call.workflow ?? "")?.shape ?? null;
      return {
        continuation: { run: runIn(came), shape, notices: [], gathered: [] },
        answer: UNAVAILABLE,
        unusable: [],
      };
    }
  }

  async function runCode(
    request: Request,
    call: Call,
    body: ExecuteBody,
  ): Promise<{ answer: Answer; unusable: string[] }> {
    const run = (tried: ExecuteBody) => {
      // Of a try that was refused nothing holds.
      decisions.forget();
      return liveSide.handle({ request, ...(tried !== request.body && { instead: { body: tried } }) });
    };
    const { workflow, step } = call;
    const made = await runWithUsableControls(run, { body, step: liveSide.stepOf(call) });
    if (made.unusable.length > 0) log.warn({ component: "bridge", workflow, step, unusableControls: made.unusable });
    return made;
  }

  /** Runs a custom step for the calls behind it. Throws where the step fails. */
  async function outputsOf(step: string, request: Request, body: ExecuteBody): Promise<Record<string, unknown>> {
    const answer = await liveSide.handle({ request, instead: { step, body } });
    if (answer.status >= 400) throw new Error(`the custom step "${step}" cannot be found out again`);
    return (JSON.parse(answer.body) as { outputs: Record<string, unknown> }).outputs;
  }
}

/** The workflows as a bridge would show them to Novu. */
export async function discoverWorkflows(workflows: Workflow[], log: Log): Promise<Discovered[]> {
  // Nobody calls it, so the key is for nothing.
  const side = await openSide(workflows, { secretKey: "none", apiUrl: "http://novu.invalid", log });
  return Promise.all(side.workflows.map(discovered));
}

async function openSide(
  workflows: Workflow[],
  { secretKey, apiUrl, log }: { secretKey: string; apiUrl: string; log: Log },
) {
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
  const handle = new NovuRequestHandler<[FrameworkCall], Answer>({
    frameworkName: "express",
    client,
    workflows,
    handler: adapter(secretKey),
  }).createHandler();
  const discoveredWorkflows = client.discover().workflows;
  return {
    workflows: discoveredWorkflows,
    handle,
    stepOf({ workflow, step }: Call) {
      const steps = discoveredWorkflows.find(({ workflowId }) => workflowId === workflow)?.steps;
      const found = steps?.find(({ stepId }) => stepId === step);
      return found && { type: String(found.type), schema: found.controls.schema as Record<string, unknown> };
    },
  };
}

const UNAVAILABLE: Answer = {
  status: 503,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    code: "BridgeUnavailable",
    message: "the step could not be made now; the bridge's log says why",
  }),
};

/** The answer, or 503 when it takes too long: Novu asks again then, and not when it has hung up. */
async function withinTime(answer: (isLate: () => boolean) => Promise<Answer>): Promise<Answer> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve(UNAVAILABLE);
    }, ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([answer(() => isLate), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Express as the framework wants to see it. */
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
      // Novu gives up at once on 502, which the framework says for a step that throws, and both leak a stack.
      return { ...UNAVAILABLE, headers, body: JSON.stringify({ ...JSON.parse(UNAVAILABLE.body), code: codeOf(body) }) };
    },
  });
}

/** For a body that was completed here, after the signature of the one that came was checked. */
function signatureOf(body: object, secretKey: string): string {
  const time = Date.now();
  return `t=${time},v1=${createHmac("sha256", secretKey)
    .update(`${time}.${JSON.stringify(body)}`)
    .digest("hex")}`;
}

function callOf(request: Request): Call {
  const query = urlOf(request).searchParams;
  return {
    action: query.get("action"),
    workflow: query.get("workflowId"),
    step: query.get("stepId"),
    jobId: query.get("jobId"),
  };
}

/** Parsed as the framework parses it, so that both see the same action. Of a stranger's host and path there is no use. */
function urlOf(request: Request, step?: string): URL {
  const from = request.originalUrl.indexOf("?");
  const url = new URL(from === -1 ? "" : request.originalUrl.slice(from), "http://bridge");
  if (step !== undefined) url.searchParams.set("stepId", step);
  return url;
}

function workflowCode(workflow: ReturnType<Client["discover"]>["workflows"][number]): WorkflowCode {
  const shape = shapeOf(workflow);
  const customs = workflow.steps.flatMap(({ stepId, results }) => {
    const schema = zodBehind<z.ZodObject>(results.unknownSchema);
    return schema === undefined ? [] : [[stepId, schema] as const];
  });
  return {
    shape,
    shapeId: shapeIdOf(shape),
    payloadSchema: zodBehind<z.ZodObject>(workflow.payload?.unknownSchema),
    results: new Map(customs),
  };
}

/** The framework reports failed calls as errors with stacks; one line says enough. */
function frameworkLog(log: Log) {
  const line = (level: "info" | "warn" | "error") => (first?: unknown, cause?: unknown) => {
    log[level]({
      component: "bridge",
      message: describeError(first),
      ...(cause !== undefined && { error: describeError(cause) }),
    });
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}
