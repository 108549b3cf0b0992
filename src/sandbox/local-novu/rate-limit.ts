import type { RequestHandler } from "express";
import { refuse } from "./answer.ts";

const WINDOW_S = 5;
/** Novu allows a tenth more than the rate at once. */
const BURST = 1.1;

/** Novu's limit, in real time: a bucket that holds the calls of a window and the burst, and refills at the rate. */
export function rateLimit(perSecond: number): RequestHandler {
  const most = Math.floor(perSecond * WINDOW_S * BURST);
  let left = most;
  let filledAt = performance.now();
  return (_request, response, next) => {
    const now = performance.now();
    left = Math.min(most, left + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (left >= 1) {
      left -= 1;
      return next();
    }
    response.set("retry-after", String(Math.round((1 - left) / perSecond)));
    refuse(response, 429, "API rate limit exceeded");
  };
}
