import type { RequestHandler } from "express";

/** An answer in place of the usual one: what a service in trouble would say, or `"hang up"`. */
export type Interference = (request: {
  method: string;
  path: string;
  /** Null without one. */
  idempotencyKey: string | null;
}) =>
  | { status: number; headers?: Record<string, string>; delayMs?: number; body?: unknown }
  | { delayMs: number }
  | "hang up"
  | null;

/** Lets a service misbehave on demand, for the tests and for whoever wants to see what happens. */
export function interferable(): {
  /** Both of the following at once. */
  handler: RequestHandler;
  /** Asks what is to happen, and answers or hangs up in place of the service. */
  instead: RequestHandler;
  /** Delays the service, where `instead` was told to. */
  delay: RequestHandler;
  set(interference: Interference | null): void;
} {
  let current: Interference | null = null;
  const delays = new WeakMap<object, number>();

  const delay: RequestHandler = (request, _response, next) => {
    const delayMs = delays.get(request);
    delays.delete(request);
    if (delayMs === undefined) next();
    else setTimeout(next, delayMs);
  };
  const instead: RequestHandler = (request, response, next) => {
    const trouble =
      current?.({
        method: request.method,
        path: request.path,
        idempotencyKey: request.get("idempotency-key") ?? null,
      }) ?? null;
    if (trouble === null) return next();
    if (trouble === "hang up") return void request.socket.destroy();
    if (!("status" in trouble)) {
      delays.set(request, trouble.delayMs);
      return next();
    }
    setTimeout(() => {
      response
        .status(trouble.status)
        .set(trouble.headers ?? {})
        .json(trouble.body ?? { message: "made to fail", statusCode: trouble.status });
    }, trouble.delayMs ?? 0);
  };

  return {
    set(interference) {
      current = interference;
    },
    instead,
    delay,
    handler: (request, response, next) => instead(request, response, () => delay(request, response, next)),
  };
}
