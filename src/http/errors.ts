import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { BodyError, isSoonRead } from "../lib/webhook-endpoint.ts";

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
