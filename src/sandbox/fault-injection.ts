import type { RequestHandler } from "express";

/** Returns the fault for a request: an answer in place of the service's, a delay, a closed connection, or null. */
export type FaultRule = (request: {
  method: string;
  path: string;
  /** Null if the request has no such header. */
  idempotencyKey: string | null;
}) =>
  | { status: number; headers?: Record<string, string>; delayMs?: number; body?: unknown }
  | { delayMs: number }
  | "hang up"
  | null;

export function createFaultInjection() {
  let rule: FaultRule | null = null;
  const delays = new WeakMap<object, number>();

  /** Applies the rule, except for a delay before the service's own answer: `delay` does that. */
  const answer: RequestHandler = (request, response, next) => {
    const { method, path } = request;
    const fault = rule?.({ method, path, idempotencyKey: request.get("idempotency-key") ?? null }) ?? null;
    if (fault === null) return next();
    if (fault === "hang up") return void request.socket.destroy();
    if (!("status" in fault)) {
      delays.set(request, fault.delayMs);
      return next();
    }
    const { status, headers = {}, body = { message: "an injected fault", statusCode: status }, delayMs = 0 } = fault;
    setTimeout(() => response.status(status).set(headers).json(body), delayMs);
  };
  /** Waits for the time that `answer` has read from the rule. */
  const delay: RequestHandler = (request, _response, next) => {
    const delayMs = delays.get(request);
    delays.delete(request);
    if (delayMs === undefined) next();
    else setTimeout(next, delayMs);
  };

  return {
    answer,
    delay,
    set(newRule: FaultRule | null): void {
      rule = newRule;
    },
  };
}
