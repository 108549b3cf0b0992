import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Decision } from "../contracts/decision.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { parseJson } from "../lib/json.ts";
import { equalSecrets } from "../lib/verify-webhook.ts";
import { type BodyBudget, readBody } from "../lib/webhook-endpoint.ts";

/** A request, also behind a path of Express. */
export interface BridgeRequest extends IncomingMessage {
  originalUrl?: string;
  /** Only where Novu has signed it. */
  body?: unknown;
}

/** The query of a call to the bridge. */
export interface Call {
  action: string | null;
  workflow: string | null;
  step: string | null;
  /** The id of the Novu job: the same in Novu's retries of a call, different if Novu runs the step twice. */
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
  /** The earlier steps of the run, the latest first. */
  state: StepState[];
  subscriber?: Record<string, unknown>;
  env?: { type?: string };
  context?: Record<string, { id?: unknown }>;
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
  /** The function of the workflow that failed, without its error. */
  failure?: string | null;
}

export function callOf(request: BridgeRequest): Call {
  const query = urlOf(request).searchParams;
  return {
    action: query.get("action"),
    workflow: query.get("workflowId"),
    step: query.get("stepId"),
    jobId: query.get("jobId"),
  };
}

/** The URL for the framework, with the caller's query. The bridge and the framework read the same action from it. */
export function urlOf({ originalUrl, url: path = "" }: BridgeRequest, step?: string): URL {
  const full = originalUrl ?? path;
  const from = full.indexOf("?");
  const url = new URL(from === -1 ? "" : full.slice(from), "http://bridge");
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

/** The error code in an answer of the framework. */
export function codeOf(body: string): string | undefined {
  return (JSON.parse(body) as { code?: string }).code;
}

/** A payload has up to 512 KB, and a digest has the payloads of several runs. */
const LARGEST_BODY = 4 * 1024 * 1024;
/** The greatest age of a signature; the framework has the same limit. */
const TOLERANCE_MS = 5 * MINUTE_MS;

/**
 * Reads the body only of a call that Novu has signed. Without a `novu-signature` of the right form and age, the body is
 * not read. Before the signature is verified, the body is not parsed. Without a body the framework answers 401.
 */
export async function readSignedBody(
  request: BridgeRequest,
  { secretKey, budget }: { secretKey: string; budget: BodyBudget },
): Promise<void> {
  const signature = request.method === "POST" ? signatureIn(request) : null;
  if (signature === null) return;
  const bytes = await readBody(request, LARGEST_BODY, budget);
  // Novu signs the body's bytes as it sends them.
  if (equalSecrets(digestOf(bytes, signature.time, secretKey), signature.digest))
    request.body = parseJson(bytes.toString("utf8"));
}

/** `t=<ms>,v1=<HMAC-SHA256 in hex>`; null for another form, or a time too far from now. */
function signatureIn(request: BridgeRequest): { time: string; digest: Buffer } | null {
  const header = headerOf(request, "novu-signature") ?? "";
  const [, time] = /(?:^|,)\s*t=(\d{1,15})\s*(?:,|$)/.exec(header) ?? [];
  const [, digest] = /(?:^|,)\s*v1=([0-9a-f]{64})\s*(?:,|$)/i.exec(header) ?? [];
  if (time === undefined || digest === undefined) return null;
  if (Math.abs(Date.now() - Number(time)) > TOLERANCE_MS) return null;
  return { time, digest: Buffer.from(digest, "hex") };
}

export function headerOf({ headers }: BridgeRequest, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}

function digestOf(body: Buffer, time: string, secretKey: string): Buffer {
  return createHmac("sha256", secretKey).update(`${time}.`).update(body).digest();
}
