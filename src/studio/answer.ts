import type { RequestHandler, Response } from "express";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";

/** Only the two files of the studio can run or load. */
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

/** For every answer of the studio. */
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

/** For a page with messages in frames, which `sendMessage` serves. */
export function allowFrames(response: Response): void {
  response.set("content-security-policy", `${POLICY}; frame-src 'self'`);
}

/** For a message in a frame: no script runs, and its origin is not the one of the studio. */
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
