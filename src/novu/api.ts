import { NovuCore } from "@novu/api/core.js";
import { cancel } from "@novu/api/funcs/cancel.js";
import { trigger } from "@novu/api/funcs/trigger.js";
import { NovuError } from "@novu/api/models/errors/novuerror.js";
import type { Start } from "../contracts/notification.ts";
import type { NovuAnswer } from "../contracts/novu-answer.ts";
import { describeError } from "../lib/errors.ts";

/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 5_000;

export interface NovuApi {
  trigger(start: Start, idempotencyKey: string): Promise<NovuAnswer>;
  /** Ends a run that waits; Novu says yes as well when there is nothing to end. */
  cancel(transactionId: string): Promise<NovuAnswer>;
}

/** Novu's API, one try per call: trying again is the queue's, which outlives this process. */
export function createNovuApi({ apiUrl, secretKey }: { apiUrl: string; secretKey: string }): NovuApi {
  // Left to itself, @novu/api waits without end and repeats a call for up to an hour.
  const client = new NovuCore({
    serverURL: apiUrl,
    secretKey,
    retryConfig: { strategy: "none" },
    timeoutMs: TIMEOUT_MS,
  });

  return {
    async trigger({ workflow, to, payload, run }, idempotencyKey) {
      const request = { workflowId: workflow, to, payload: { ...payload, run }, transactionId: run.transactionId };
      const response = await trigger(client, request, idempotencyKey);
      if (!response.ok) return failure(response.error);
      const { status, error } = response.value.result;
      return { httpStatus: 201, triggerStatus: status, message: [status, ...(error ?? [])].join(": ") };
    },

    async cancel(transactionId) {
      const response = await cancel(client, transactionId);
      return response.ok ? { httpStatus: 200, message: "cancelled" } : failure(response.error);
    },
  };
}

function failure(error: Error): NovuAnswer {
  if (!(error instanceof NovuError)) return { httpStatus: null, message: describeError(error) };
  // A 2xx that is not Novu's answer is a proxy's, or the wrong address; what became of the call is unknown.
  if (error.statusCode < 300) return unexpected(error);
  const seconds = Number(error.headers.get("retry-after"));
  return {
    httpStatus: error.statusCode,
    message: wordsOf(error.body) ?? `status ${error.statusCode}`,
    ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
  };
}

function unexpected({ statusCode, body }: NovuError): NovuAnswer {
  // The library has taken the answer out of its `data` by then.
  const triggerStatus = (parse(body) as { status?: unknown } | null)?.status;
  if (typeof triggerStatus === "string") return { httpStatus: statusCode, triggerStatus, message: triggerStatus };
  return { httpStatus: null, message: `status ${statusCode} with something else than Novu's answer` };
}

/** Novu's `message` alone: the rest of an error's body may repeat what was sent. */
function wordsOf(body: string): string | null {
  const message = (parse(body) as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : null;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
