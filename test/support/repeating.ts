import type { IncomingHttpHeaders } from "node:http";
import { type Listening, serve } from "../../src/lib/server.ts";
import { readBody } from "../../src/lib/webhook-endpoint.ts";

const OF_ONE_HOP = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "content-encoding",
  "keep-alive",
]);
const LARGEST_BODY = 10_000_000;

/** A proxy before a service that sends each request `times` times, each as if it were the first. */
export function repeating({
  target,
  isRepeated,
  times,
  onRepeated = async () => {},
}: {
  /** null without a target. */
  target: () => string | null;
  isRepeated(request: { method: string; path: string }): boolean;
  times: number;
  /** Called after the last answer of the service, before the proxy returns it. */
  onRepeated?(path: string): Promise<void>;
}): Promise<Listening> {
  return serve(
    async (request, response) => {
      try {
        const { method = "GET", url: path = "/" } = request;
        const encoding = request.headers["content-encoding"];
        delete request.headers["content-encoding"];
        const body = await readBody(request, LARGEST_BODY);
        const headers: Record<string, string> = {
          ...passedOn(request.headers),
          ...(encoding !== undefined && { "content-encoding": encoding }),
        };
        const send = () =>
          fetch(`${target()}${path}`, { method, headers, redirect: "manual", ...(body.length > 0 && { body }) });
        let answer = await send();
        if (isRepeated({ method, path })) {
          // Novu repeats an answer by this key on some plans.
          delete headers["idempotency-key"];
          for (let time = 1; time < times; time += 1) answer = await send();
          await onRepeated(path);
        }
        const text = Buffer.from(await answer.arrayBuffer());
        response.writeHead(answer.status, passedOn(Object.fromEntries(answer.headers))).end(text);
      } catch {
        // As a proxy without its service does.
        request.socket.destroy();
      }
    },
    { port: 0, host: "127.0.0.1" },
  );
}

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      OF_ONE_HOP.has(name) || value === undefined ? [] : [[name, String(value)]],
    ),
  );
}
