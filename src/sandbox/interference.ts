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
export function interferable(): { handler: RequestHandler; set(interference: Interference | null): void } {
  let current: Interference | null = null;
  return {
    set(interference) {
      current = interference;
    },
    handler: (request, response, next) => {
      const trouble =
        current?.({
          method: request.method,
          path: request.path,
          idempotencyKey: request.get("idempotency-key") ?? null,
        }) ?? null;
      if (trouble === null) return next();
      if (trouble === "hang up") return void request.socket.destroy();
      setTimeout(() => {
        if ("status" in trouble)
          response
            .status(trouble.status)
            .set(trouble.headers ?? {})
            .json(trouble.body ?? { message: "made to fail", statusCode: trouble.status });
        else next();
      }, trouble.delayMs ?? 0);
    },
  };
}
