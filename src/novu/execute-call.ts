import type { Request } from "express";

/** The query of a call to the bridge. */
export interface Call {
  action: string | null;
  workflow: string | null;
  step: string | null;
  /** Novu's job: the same over its retries of one call, another one in a second run of the same step. */
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
}

/** A call as the framework is to see it: with the body that came, or another one in its place. */
export interface FrameworkCall {
  request: Request;
  /** Instead of the request's own query and body. */
  instead?: { step?: string; body: object };
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The answer that the framework gives for a step with these outputs, or for one that is left out. */
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

/** The framework's code of a failure. */
export function codeOf(body: string): string | undefined {
  return (JSON.parse(body) as { code?: string }).code;
}
