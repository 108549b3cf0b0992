import type { ServerResponse } from "node:http";
import { newCallFacts, type Trials, withCallFacts } from "../contracts/call.ts";
import { ANSWER_WITHIN_MS } from "../contracts/novu.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type BodyBudget, isSoonRead } from "../lib/webhook-endpoint.ts";
import {
  type Answer,
  type BridgeRequest,
  type Call,
  callOf,
  codeOf,
  type ExecuteBody,
  readSignedBody,
  type StepAnswer,
  UNAVAILABLE,
} from "./bridge-call.ts";
import { type Continuation, type ContinuedRuns, createContinuation, runIn } from "./continue-run.ts";
import { runWithUsableControls } from "./controls.ts";
import { type Frameworks, workflowCode } from "./framework.ts";
import { createRecordDecisions, type RecordedDecisions } from "./record-decisions.ts";

/** Answers one call. Rejects with a BodyError if the body cannot be read. */
export type Bridge = (request: BridgeRequest, response: ServerResponse) => Promise<void>;

/**
 * The endpoint that Novu calls for each step. It uses plain node:http, because Express takes a tenth of the CPU of a
 * step; it also works as a handler of Express.
 */
export function createBridge({
  secretKey,
  frameworks: { live, samples },
  budget,
  withRun,
  trials,
  log,
  ...runs
}: RecordedDecisions &
  ContinuedRuns & {
    secretKey: string;
    frameworks: Frameworks;
    budget: BodyBudget;
    /** The body with its run. If another system triggered the run, the body has no run yet, and gets one. */
    withRun(call: Call, body: ExecuteBody): Promise<ExecuteBody>;
    /** Only in the sandbox. */
    trials?: Trials | undefined;
    log: Log;
  }): Bridge {
  const codes = new Map(live.workflows.map((workflow) => [workflow.workflowId, workflowCode(workflow)]));
  const recordDecisions = createRecordDecisions(runs);
  const continuationOf = createContinuation({ ...runs, codeOf: (workflow) => codes.get(workflow) });

  return async (request, response) => {
    await readSignedBody(request, { secretKey, budget });
    const startedAt = performance.now();
    const call = callOf(request);
    const { status, headers, body } = await withinTime((isLate) => answerTo(request, call, isLate));

    const code = status >= 400 ? codeOf(body) : undefined;
    const { jobId: _, ...facts } = call;
    const ms = Math.round(performance.now() - startedAt);
    log[status >= 400 ? "warn" : "info"]({ component: "novu", ...facts, answer: status, code, ms });
    const connection = isSoonRead(request) ? {} : { connection: "close" };
    const type = { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...connection, ...type }).end(body);
  };

  async function answerTo(request: BridgeRequest, call: Call, isLate: () => boolean): Promise<Answer> {
    // A call with a wrong signature has no body here, and the framework answers 401.
    if (call.action !== "execute" || request.body === undefined)
      return (call.action === "preview" ? samples : live).handle({ request });
    const { continuation, ...made } = await execute(request, call);
    return recordDecisions(made, { call, request, continuation, isLate });
  }

  async function execute(request: BridgeRequest, call: Call): Promise<StepAnswer & { continuation: Continuation }> {
    const { workflow, step } = call;
    let came = request.body as ExecuteBody;
    try {
      came = await withRun(call, came);
      const continuation = await continuationOf(call, came, (custom, body) => customOutputs(custom, request, body));
      const { standIn, body = came } = continuation;
      if (standIn === undefined) return { continuation, ...(await runCode(request, call, body)) };
      log.info({ component: "novu", workflow, step, outcome: "answered without its code" });
      return { continuation, ...standIn };
    } catch (error) {
      log.error({ component: "novu", workflow, step, error: describeError(error) });
      const shape = codes.get(workflow ?? "")?.shape ?? null;
      return {
        continuation: { run: runIn(came), shape, notices: [], digested: [], isOfPart: () => true },
        answer: UNAVAILABLE,
        decisions: [],
      };
    }
  }

  async function runCode(request: BridgeRequest, call: Call, body: ExecuteBody): Promise<StepAnswer> {
    const run = async (tried: ExecuteBody): Promise<StepAnswer> => {
      const statuses = new Map(tried.state.map(({ stepId, state }) => [stepId, state?.status ?? ""]));
      const trial = trials?.find(call.jobId ?? "");
      const isTrial = trial !== undefined;
      const facts = newCallFacts({ step: call.step, statuses, isTrial });
      const answer = await live.handleVerified({ request, instead: { body: withCallFacts(tried, facts) } });
      const { decisions, objection, failure, error } = facts;
      if (isTrial) Object.assign(trial, { objection, failure, error });
      else if (trials !== undefined && failure !== null && call.step !== null) {
        const { transactionId } = runIn(tried) ?? {};
        if (transactionId !== undefined) trials.onError({ transactionId, step: call.step }, error);
      }
      return { answer, decisions, failure };
    };
    const known = Object.keys(body.controls ?? {}).length === 0 ? undefined : live.stepOf(call);
    if (known === undefined) return run(body);
    const { unusable, ...made } = await runWithUsableControls(run, { body, step: known });
    if (unusable.length === 0) return made;
    const { workflow, step } = call;
    log.warn({ component: "novu", workflow, step, unusableControls: unusable });
    return { ...made, decisions: made.decisions.map((one) => ({ ...one, unusableControls: unusable })) };
  }

  /** Runs a custom step during the call for a later step. Throws if the custom step fails. */
  async function customOutputs(
    step: string,
    request: BridgeRequest,
    body: ExecuteBody,
  ): Promise<Record<string, unknown>> {
    const answer = await live.handleVerified({ request, instead: { step, body } });
    if (answer.status >= 400) throw new Error(`the custom step "${step}" failed when it was run again`);
    return (JSON.parse(answer.body) as { outputs: Record<string, unknown> }).outputs;
  }
}

/** The answer, or 503 if the answer takes too long. Novu retries after a 503, but not after its own timeout. */
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
