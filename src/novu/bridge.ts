import { Client, NovuRequestHandler, type Workflow } from "@novu/framework";
import { type Request, Router } from "express";
import { Channel, type Decision, NOTHING_COMPOSED } from "../contracts/decision.ts";
import { Run } from "../contracts/run.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type BodyBudget, isSoonRead } from "../lib/read-body.ts";
import { firstMessageMs } from "./first-message.ts";
import type { NotedDecisions } from "./noted-decisions.ts";
import { signedBody } from "./signed-body.ts";

/** Why a message was not sent that was ready. */
const GONE = "Novu waited no longer";

export interface Discovered {
  id: string;
  name: string;
  description: string;
  tags: string[];
  /** In the order Novu runs them. */
  outline: Array<{ step: string; type: string }>;
  steps: number;
  sendingSteps: SendingStep[];
  /** How long a run may be under way before its first message is decided, in milliseconds. */
  firstMessageMs: number;
  /** The messages that do not go out when Novu gives up on a step. */
  lostWith(step: string): SendingStep[];
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
  budget,
  live,
  samples,
  decisions,
  record,
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
  /** Answers what holds; with `ifOpen` this one does only where nothing final was decided, with `insteadOf` only where that was. */
  record: (decision: Decision, options?: { ifOpen?: boolean; insteadOf?: Decision }) => Promise<Decision>;
  now: () => number;
  log: Log;
}): Promise<Bridge> {
  const liveSide = await openSide(live);
  const sampleSide = await openSide(samples);
  // Of the samples, because to find out how long they wait is to run a part of them.
  const workflows = await Promise.all(sampleSide.client.discover().workflows.map(discovered));

  const router = Router().use(signedBody({ secretKey, budget }), async (request, response) => {
    const startedAt = performance.now();
    const query = urlOf(request).searchParams;
    const call = { action: query.get("action"), workflow: query.get("workflowId"), step: query.get("stepId") };
    const { handle } = call.action === "preview" ? sampleSide : liveSide;
    const { status, headers, body } = await decisions.during(async () => {
      const answer = await handle(request);
      return call.action === "execute" ? settle(answer, call, request) : answer;
    });

    const code = status >= 400 ? codeOf(body) : undefined;
    const facts = { stop: "bridge", ...call, answer: status, code, ms: Math.round(performance.now() - startedAt) };
    log[status >= 400 ? "warn" : "info"](facts);
    if (!isSoonRead(request)) response.set("connection", "close");
    response.status(status).set(headers).send(body);
  });
  return { router, workflows };

  /**
   * Records what was decided if the message is handed over, and else that it could not be made; what
   * it is to answer then. The record has the last word: a person who is out by then is sent nothing.
   */
  async function settle(answer: Answer, call: Call, { body, socket }: Request): Promise<Answer> {
    const noted = decisions.noted();
    if (answer.status < 400 && !socket.destroyed) {
      let isLeftOut = false;
      for (const decision of noted) {
        const holds = await record(decision);
        if (decision.outcome === "sent" && holds.outcome !== "sent") isLeftOut = true;
        // It hung up while that was written; it may ask again, or not.
        if (holds.outcome === "sent" && socket.destroyed)
          await record({ ...holds, outcome: "failed", reason: "error", detail: GONE }, { insteadOf: holds });
      }
      return isLeftOut ? leftOut(answer) : answer;
    }
    if (answer.status === 401) return answer;
    for (const decision of noted.filter(({ reason }) => reason === "digested")) await record(decision);
    await recordFailure(answer, call, body);
    return answer;
  }

  async function recordFailure(answer: Answer, call: Call, body: unknown): Promise<void> {
    const run = Run.safeParse((body as { payload?: { run?: unknown } } | undefined)?.payload?.run);
    const workflow = workflows.find(({ id }) => id === call.workflow);
    if (!run.success || workflow === undefined || call.step === null) return;
    const { transactionId, distinctId } = run.data;
    const isGone = answer.status < 400;
    for (const { step, channel } of workflow.lostWith(call.step)) {
      const failed = {
        transactionId,
        distinctId,
        workflow: workflow.id,
        step,
        channel,
        outcome: "failed",
        reason: "error",
        detail: isGone ? GONE : (codeOf(answer.body) ?? `status ${answer.status}`),
        ...NOTHING_COMPOSED,
        decidedAt: new Date(now()).toISOString(),
      } as const;
      // Another call may have come to an end by then, and a run whose wait failed may go on after all.
      await record(failed, { ifOpen: isGone || step !== call.step });
    }
  }

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
    const handle = new NovuRequestHandler<[Request], Answer>({
      frameworkName: "express",
      client,
      workflows,
      handler: adapter,
    }).createHandler();
    return { client, handle };
  }
}

interface Call {
  action: string | null;
  workflow: string | null;
  step: string | null;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Express as the framework wants to see it. */
function adapter(request: Request) {
  return {
    method: () => request.method,
    headers: (name: string) => request.get(name),
    body: () => request.body ?? {},
    url: () => urlOf(request),
    transformResponse: ({ status, headers, body }: Answer): Answer => {
      if (status < 500) return { status, headers, body };
      // Novu gives up at once on 502, which the framework says for a step that throws, and both leak a stack.
      const message = "the step could not be made now; the bridge's log says why";
      return { status: 503, headers, body: JSON.stringify({ code: codeOf(body), message }) };
    },
  };
}

/** As the framework says that a message is left out. */
function leftOut(answer: Answer): Answer {
  const body = { ...(JSON.parse(answer.body) as object), outputs: {}, options: { skip: true } };
  return { ...answer, body: JSON.stringify(body) };
}

/** Parsed as the framework parses it, so that both see the same action. Of a stranger's host and path there is no use. */
function urlOf(request: Request): URL {
  const from = request.originalUrl.indexOf("?");
  return new URL(from === -1 ? "" : request.originalUrl.slice(from), "http://bridge");
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

async function discovered({
  workflowId,
  name,
  description,
  tags,
  steps,
}: ReturnType<Client["discover"]>["workflows"][number]): Promise<Discovered> {
  const throttle = steps.findIndex(({ type }) => type === "throttle");
  const sendingFrom = (first: number) =>
    steps.slice(first).flatMap(({ stepId, type }) => {
      const channel = Channel.safeParse(type);
      const isThrottled = throttle !== -1 && steps.findIndex((step) => step.stepId === stepId) > throttle;
      return channel.success ? [{ step: stepId, channel: channel.data, isThrottled }] : [];
    });
  const sendingSteps = sendingFrom(0);
  return {
    id: workflowId,
    name: name ?? workflowId,
    description: description ?? "",
    tags: tags ?? [],
    outline: steps.map(({ stepId, type }) => ({ step: stepId, type })),
    steps: steps.length,
    sendingSteps,
    firstMessageMs: await firstMessageMs(steps),
    lostWith(step) {
      const index = steps.findIndex(({ stepId }) => stepId === step);
      // A run ends with a wait that fails. What became of one at a throttle is found out later.
      if (["delay", "digest"].includes(String(steps[index]?.type))) return sendingFrom(index);
      return sendingSteps.filter((sending) => sending.step === step);
    },
  };
}
