import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Log } from "../lib/log.ts";

/** Routes in front of Express, which is too slow for webhooks; keyed by method and path, such as "POST /webhooks/posthog". */
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
