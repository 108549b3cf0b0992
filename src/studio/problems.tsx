import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { sendPage } from "./answer.ts";
import { ASSETS } from "./assets.ts";
import { maskText } from "./privacy.ts";
import { PlainPage } from "./ui/layout.tsx";

export const notFound: RequestHandler = (_request, response) =>
  sendProblem(
    response.status(404),
    "This page does not exist",
    "Its data may be older than the retention time, or the address is not complete.",
  );

export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: { status?: number }, request, response, next) => {
    if (response.headersSent) return next(error);
    const { status = 500 } = error;
    log[status < 500 ? "warn" : "error"]({
      component: "studio",
      outcome: status < 500 ? "bad request" : "failed",
      path: maskText(request.path),
      error: describeError(error),
    });
    if (status < 500)
      sendProblem(
        response.status(status),
        "This request was not accepted",
        "The address or the form has an error, or is too large.",
      );
    else sendProblem(response.status(503), "The store cannot be read now", "The reason is in the log. Try again soon.");
  };
}

export function sendProblem(response: Response, title: string, advice: string): void {
  sendPage(
    response,
    <PlainPage title={title} assets={ASSETS}>
      <p>{advice}</p>
      <p>
        <a href="/studio">To the overview</a>
      </p>
    </PlainPage>,
  );
}
