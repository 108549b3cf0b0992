import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { maskText } from "./privacy.ts";
import { PlainPage } from "./ui/layout.tsx";

/** A page can load only the style sheet and the script of the studio. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Sets the security headers of every response of the studio. */
export const guarded: RequestHandler = (_request, response, next) => {
  response.set({
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
  });
  next();
};

/** Lets a page show messages in frames. `sendMessage` serves the content of a frame. */
export function allowFrames(response: Response): void {
  response.set("content-security-policy", `${POLICY}; frame-src 'self'`);
}

/** For a message in a frame. No script runs, and the frame does not have the origin of the studio. */
const MESSAGE_POLICY = [
  "sandbox allow-popups allow-popups-to-escape-sandbox",
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src https: data:",
  "frame-ancestors 'self'",
].join("; ");

export function sendMessage(response: Response, html: string): void {
  response.set("content-security-policy", MESSAGE_POLICY).type("html").send(html);
}

export function sendPage(response: Response, element: ReactElement): void {
  response.type("html").send(`<!DOCTYPE html>${renderToStaticMarkup(element)}`);
}

export const notFound: RequestHandler = (_request, response) =>
  sendProblem(
    response.status(404),
    "This page does not exist",
    "The data may be older than the retention time, or the URL may be incomplete.",
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
        "The URL or the form has an error, or is too large.",
      );
    else sendProblem(response.status(503), "The store cannot be read now", "The reason is in the log. Try again soon.");
  };
}

export function sendProblem(response: Response, title: string, advice: string): void {
  sendPage(
    response,
    <PlainPage title={title}>
      <p>{advice}</p>
      <p>
        <a href="/studio">To the overview</a>
      </p>
    </PlainPage>,
  );
}
