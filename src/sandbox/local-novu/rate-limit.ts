import type { RequestHandler } from "express";

/** Novu's limit: so many calls in each second of real time, then 429 with the wait. */
export function rateLimit(perSecond: number): RequestHandler {
  let second = 0;
  let used = 0;
  return (_request, response, next) => {
    const current = Math.floor(performance.now() / 1000);
    if (current !== second) {
      second = current;
      used = 0;
    }
    used += 1;
    if (used <= perSecond) next();
    else response.status(429).set("retry-after", "1").json({ statusCode: 429, message: "API rate limit exceeded" });
  };
}
