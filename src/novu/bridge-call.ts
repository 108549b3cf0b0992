import type { Request } from "express";
import type { Decision } from "../contracts/decision.ts";

/** The query of a call to the bridge. */
export interface Call {
  action: string | null;
  workflow: string | null;
  step: string | null;
  /** The same in Novu's retries of one call; another one in a second run of the same step. */
  jobId: string | null;
}

/** An earlier step of a run, as Novu has it. */
export interface StepState {
  stepId: string;
  outputs: Record<string, unknown>;
  state?: { status?: string; error?: unknown };
}

/** The body of a call for one step, as far as the bridge reads it. */
export interface ExecuteBody {
  payload: Record<string, unknown>;
  controls?: Record<string, unknown>;
  /** Nearest first. */
  state: StepState[];
  subscriber?: Record<string, unknown>;
  env?: { type?: string };
  context?: object;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The answer for one step, with the decisions that its code made. */
export interface StepAnswer {
  answer: Answer;
  decisions: Decision[];
}

export function callOf(request: Request): Call {
  const query = urlOf(request).searchParams;
  return {
    action: query.get("action"),
    workflow: query.get("workflowId"),
    step: query.get("stepId"),
    jobId: query.get("jobId"),
  };
}

/** Parsed as the framework parses it, so that both read the same action. The caller's host and path are not used. */
export function urlOf(request: Request, step?: string): URL {
  const from = request.originalUrl.indexOf("?");
  const url = new URL(from === -1 ? "" : request.originalUrl.slice(from), "http://bridge");
  if (step !== undefined) url.searchParams.set("stepId", step);
  return url;
}

/** The framework's answer for a step with these outputs, or for a skipped step. */
export function answerOf(outputs: Record<string, unknown> | "skip"): Answer {
  const isSkipped = outputs === "skip";
  const body = {
    outputs: isSkipped ? {} : outputs,
    providers: {},
    options: { skip: isSkipped },
    metadata: { status: "success", error: false, duration: 0 },
  };
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Novu retries a call that gets this answer. */
export const UNAVAILABLE: Answer = {
  status: 503,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    code: "BridgeUnavailable",
    message: "the step could not be made now; the bridge's log says why",
  }),
};

/** The framework's code of a failure. */
export function codeOf(body: string): string | undefined {
  return (JSON.parse(body) as { code?: string }).code;
}
