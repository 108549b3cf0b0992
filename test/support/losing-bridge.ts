import { type Listening, serve } from "../../src/lib/server.ts";
import { readBody } from "../../src/lib/webhook-endpoint.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

const LARGEST_BODY = 10_000_000;

/**
 * A proxy between Novu and the app that answers 502, which Novu does not retry, to the calls that `isLost` selects.
 * Novu uses it from now on.
 */
export async function losingBridge(
  sandbox: Sandbox,
  isLost: (call: { workflow: string; step: string; subscriberId: string }) => boolean,
): Promise<Listening & AsyncDisposable> {
  const proxy = await serve(
    async (request, response) => {
      const { searchParams, search } = new URL(request.url ?? "/", "http://proxy");
      const body = await readBody(request, LARGEST_BODY);
      const { subscriber } = JSON.parse(body.toString()) as { subscriber: { subscriberId: string } };
      const call = { workflow: searchParams.get("workflowId") ?? "", step: searchParams.get("stepId") ?? "" };
      if (isLost({ ...call, subscriberId: subscriber.subscriberId })) return void response.writeHead(502).end("{}");
      const answer = await fetch(`${sandbox.app.url}/api/novu${search}`, {
        method: "POST",
        headers: { "content-type": "application/json", "novu-signature": String(request.headers["novu-signature"]) },
        body,
      });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    },
    { port: 0, host: "127.0.0.1" },
  );
  sandbox.novu.state.bridgeUrl = `${proxy.url}/api/novu`;
  return Object.assign(proxy, { [Symbol.asyncDispose]: () => proxy.close(0) });
}
