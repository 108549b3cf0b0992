import type { RequestHandler, Response } from "express";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";

/** Nothing runs or loads but the studio's own two files. */
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

/** On every answer of the studio, whatever it is. */
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

/** Lets the page show messages in frames, which are served by `sendMessage`. */
export function allowFrames(response: Response): void {
  response.set("content-security-policy", `${POLICY}; frame-src 'self'`);
}

/** A message by itself, for a frame of the studio: nothing in it runs, and it has no part in the studio's origin. */
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
