import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { Router } from "express";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { BodyError, isSoonRead } from "../lib/webhook-endpoint.ts";

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Routes in front of Express, which is too slow for webhooks and steps, by method and path such as
 * "POST /webhooks/posthog".
 */
export function answeredFirst(routes: Record<string, Route>, rest: RequestListener): RequestListener {
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

/** Answers the errors of a route in front of Express as `failed` does. */
export function answeringErrors(route: Route, { log }: { log: Log }): Route {
  return async (request, response) => {
    try {
      await route(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else answerError(error as Failure, request, response, log);
    }
  };
}

interface Failure {
  status?: number;
  type?: string;
}

/** A 4xx of a body parser stays; any other error is a 500 without details. */
export function failed({ log }: { log: Log }): ErrorRequestHandler {
  return (error: Failure, request, response, next) => {
    if (response.headersSent) return next(error);
    answerError(error, request, response, log);
  };
}

function answerError(error: Failure, request: IncomingMessage, response: ServerResponse, log: Log): void {
  const isOfBody = error instanceof BodyError;
  const isOfSender = isOfBody || (error.status !== undefined && error.status >= 400 && error.status < 500);
  const status = isOfSender ? (error.status ?? 400) : 500;
  const why = isOfBody ? error.message : (error.type ?? describeError(error));
  const path = request.url?.split("?", 1)[0];
  log[status === 500 ? "error" : "warn"]({ component: "http", path, answer: status, error: why });
  if (isOfBody && status === 503) response.setHeader("retry-after", "1");
  if (isOfBody && !isSoonRead(request)) response.setHeader("connection", "close");
  const shown = isOfBody ? why : status === 500 ? "internal error" : (error.type ?? "bad request");
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify({ error: shown }));
}
