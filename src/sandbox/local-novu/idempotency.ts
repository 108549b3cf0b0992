import { createHash } from "node:crypto";
import type { RequestHandler } from "express";
import { refuse } from "./answer.ts";

/** The same key brings the same answer back, errors as well; another body under it is refused. */
export function idempotency(): RequestHandler {
  const remembered = new Map<string, { hash: string; status: number; body: unknown }>();
  return (request, response, next) => {
    const key = request.get("idempotency-key");
    if (key === undefined) return next();
    const hash = hashOf(request.body);
    const before = remembered.get(key);
    if (before !== undefined && before.hash !== hash)
      return refuse(response, 422, `Request with key "${key}" is being reused for a different body`);
    if (before !== undefined)
      return void response.status(before.status).set("idempotency-replay", "true").json(before.body);

    const json = response.json.bind(response);
    response.json = (body: unknown) => {
      remembered.set(key, { hash, status: response.statusCode, body });
      return json(body);
    };
    next();
  };
}

export function hashOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
