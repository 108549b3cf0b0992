import { createHash } from "node:crypto";
import type { RequestHandler } from "express";
import { refuse } from "./answer.ts";

/**
 * A repeated key gets the first answer again, or 409 while the first call still runs. It is refused with another
 * body. An error is repeated as 503, because Novu throws the text that it stored.
 */
export function idempotency({ isOn }: { isOn: () => boolean }): RequestHandler {
  const calls = new Map<string, { hash: string; answered: { status: number; body: unknown } | null }>();
  return (request, response, next) => {
    const key = request.get("idempotency-key");
    if (key === undefined || !isOn()) return next();
    const hash = hashOf(request.body);
    const before = calls.get(key);
    if (before === undefined) {
      calls.set(key, { hash, answered: null });
      const json = response.json.bind(response);
      response.json = (body: unknown) => {
        calls.set(key, { hash, answered: { status: response.statusCode, body } });
        return json(body);
      };
      return next();
    }
    if (before.answered === null) {
      response.set("retry-after", "1");
      return refuse(
        response,
        409,
        `Request with key "${key}" is currently being processed. Please retry after 1 second`,
      );
    }
    if (before.hash !== hash)
      return refuse(response, 422, `Request with key "${key}" is being reused for a different body`);
    const { status, body } = before.answered;
    response.set("idempotency-replay", "true");
    if (status >= 400) refuse(response, 503, "Service Unavailable");
    else response.status(status).json(body);
  };
}

export function hashOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
