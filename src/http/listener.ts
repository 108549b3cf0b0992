import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { Router } from "express";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { BodyError, isSoonRead } from "../lib/webhook-endpoint.ts";

/** Routes in front of Express, which is too slow for webhooks, by method and path such as "POST /webhooks/posthog". */
export function answeredFirst(
  routes: Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>,
  rest: RequestListener,
): RequestListener {
  const table = new Map(Object.entries(routes));
  return (request, response) => {
    const path = request.url?.split("?", 1)[0]?.replace(/\/$/, "");
    const route = table.get(`${request.method} ${path}`);
    if (route === undefined) rest(request, response);
    else void route(request, response);
  };
}

/**
 * Refuses every compressed body with 415, so that no unauthenticated sender reaches a decoder. PostHog, Segment,
 * Novu, browsers and mail clients send plain bodies.
 */
export function plainBodies(rest: RequestListener, { log }: { log: Log }): RequestListener {
  return (request, response) => {
    const {
      "content-encoding": encoding = "",
      "content-length": length,
      "transfer-encoding": transfer,
    } = request.headers;
    const hasBody = length !== undefined || transfer !== undefined;
    if (!hasBody || encoding === "" || encoding.toLowerCase() === "identity") return rest(request, response);

    const error = "compressed bodies are not accepted; send it without a content-encoding";
    // The rest of the path may be the token of a link.
    const [path] = /^\/[^/?]*/.exec(request.url ?? "") ?? [];
    log.warn({ component: "http", path, answer: 415, error });
    response
      .writeHead(415, {
        "content-type": "application/json; charset=utf-8",
        "accept-encoding": "identity",
        connection: "close",
      })
      .end(JSON.stringify({ error }));
    request.resume();
  };
}

/**
 * `/healthz`: the process runs. `/readyz`: it can accept events and answer Novu now, with its commit.
 * `whyNot` returns the reason if it cannot; the answer is public. `revision` is null if unknown.
 */
export function healthRoutes(whyNot: () => Promise<string | null>, revision: string | null): Router {
  return Router()
    .get("/healthz", (_request, response) => {
      response.json({ status: "ok" });
    })
    .get("/readyz", async (_request, response) => {
      const reason = await whyNot();
      if (reason === null) response.json({ status: "ready", revision });
      else response.status(503).json({ status: "not ready", reason });
    });
}

export const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: "not found" });
};

/** A 4xx of a body parser stays; any other error is a 500 without details. */
export function failed({ log }: { log: Log }): ErrorRequestHandler {
  return (error: { status?: number; type?: string }, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof BodyError) return refuse(error, request, response);
    const status = error.status !== undefined && error.status >= 400 && error.status < 500 ? error.status : 500;
    log[status === 500 ? "error" : "warn"]({
      component: "http",
      path: request.path,
      answer: status,
      error: error.type ?? describeError(error),
    });
    response.status(status).json({ error: status === 500 ? "internal error" : (error.type ?? "bad request") });
  };

  function refuse({ status, message }: BodyError, request: Request, response: Response): void {
    log.warn({ component: "http", path: request.path, answer: status, error: message });
    if (status === 503) response.set("retry-after", "1");
    if (!isSoonRead(request)) response.set("connection", "close");
    response.status(status).json({ error: message });
  }
}
