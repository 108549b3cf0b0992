import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

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
