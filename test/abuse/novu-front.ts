import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Arrived, Trouble } from "./services.ts";

const YES = '{"data":{"acknowledged":true,"status":"processed","transactionId":"stub"}}';
const JSON_TYPE = { "content-type": "application/json" };

/**
 * A proxy before the Novu at `novuUrl`, or a Novu that accepts everything for null. Records the calls, and answers some
 * of them with a fault.
 */
export async function openFront(novuUrl: string | null) {
  let arrived: Arrived = { triggers: [], profiles: [] };
  let trouble: Trouble | null = null;
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setTrouble(next: Trouble | null) {
      trouble = next;
    },
    take(): Arrived {
      const taken = arrived;
      arrived = { triggers: [], profiles: [] };
      return taken;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (request.method === "POST" && request.url === "/v1/events/trigger") {
      const { transactionId } = JSON.parse(body.toString()) as { transactionId: string };
      if (trouble?.of.some((part) => transactionId.includes(part)))
        return void response
          .writeHead(trouble.status, { ...JSON_TYPE, ...trouble.headers })
          .end(JSON.stringify({ statusCode: trouble.status, message: "made to fail" }));
      arrived.triggers.push([transactionId, Date.now()]);
    }
    if (request.method === "POST" && request.url === "/v2/subscribers") {
      const { subscriberId } = JSON.parse(body.toString()) as { subscriberId: string };
      arrived.profiles.push([subscriberId, Date.now()]);
    }
    if (novuUrl === null) response.writeHead(201, JSON_TYPE).end(YES);
    else pass(request, body, response, novuUrl);
  }
}

function pass(request: IncomingMessage, body: Buffer, response: ServerResponse, novuUrl: string): void {
  const { method, headers, url } = request;
  ask(`${novuUrl}${url}`, { method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  })
    .on("error", () => response.destroy())
    .end(body);
}
