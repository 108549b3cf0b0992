import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type BridgeCall, createBridgeClient } from "../../../src/sandbox/local-novu/bridge-call.ts";

let servers: Server[] = [];
let clients: Array<ReturnType<typeof createBridgeClient>> = [];

afterEach(async () => {
  for (const client of clients) client.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  clients = [];
});

it("a bridge that does not answer is given up after 5.0 s, and after 4.0 s on a reused connection where 5 s are announced", {
  tags: ["long"],
}, async () => {
  const given = await Promise.all([
    silentAfter(0, { keepAliveMs: 5_000 }),
    silentAfter(1, { keepAliveMs: 5_000 }),
    silentAfter(1, { keepAliveMs: 6_000 }),
  ]);
  expect(given.map(({ message }) => message)).toEqual([5_000, 4_000, 5_000].map((ms) => `no answer within ${ms} ms`));
  for (const { message, ms } of given) {
    const within = Number(/\d+/.exec(message)?.[0]);
    expect([ms >= within - 5, ms < within + 700]).toEqual([true, true]);
  }
});

it("a call on a connection that the bridge had just closed is made again at once", async () => {
  let asked = 0;
  const url = await bridge((respond, hangUp) => {
    asked += 1;
    if (asked === 2) hangUp();
    else respond(200, '{"outputs":{}}');
  });
  const calls: BridgeCall[] = [];
  const client = clientOf(calls);
  const answers = [await client.post(url, {}, {}), await client.post(url, {}, {})];
  expect([answers.map(({ status }) => status), asked, calls.length]).toEqual([[200, 200], 3, 2]);
});

describe("an answer that is not JSON", () => {
  it.each([
    [502, 1, 502],
    [503, 4, 503],
    [200, 1, 502],
  ])("with the status %i is asked for %i times, and counts as %i", async (status, times, counted) => {
    const url = await bridge((respond) => respond(status, "<html>nginx</html>"));
    const calls: BridgeCall[] = [];
    const answer = await clientOf(calls).post(url, {}, {});
    expect([answer.status, calls.map((call) => call.status)]).toEqual([counted, Array(times).fill(status)]);
  });
});

/** Calls a bridge that answers so many calls, and then none; the last call's cause and time. */
async function silentAfter(answered: number, { keepAliveMs }: { keepAliveMs: number }) {
  let asked = 0;
  const url = await bridge((respond) => {
    asked += 1;
    if (asked <= answered) respond(200, '{"outputs":{}}');
  }, keepAliveMs);
  const calls: BridgeCall[] = [];
  const client = clientOf(calls);
  for (let index = 0; index < answered; index += 1) expect((await client.post(url, {}, {})).status).toBe(200);
  const { status, body } = await client.get(url, {});
  expect(status).toBe(0);
  return { message: String(body.message), ms: calls.at(-1)?.ms ?? 0 };
}

async function bridge(
  handle: (respond: (status: number, body: string) => void, hangUp: () => void) => void,
  keepAliveMs = 5_000,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    handle(
      (status, body) => void response.writeHead(status).end(body),
      () => void request.socket.destroy(),
    );
  });
  server.keepAliveTimeout = keepAliveMs;
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(calls: BridgeCall[]) {
  const client = createBridgeClient({ secretKey: "k", pause: async () => {}, onCall: (call) => calls.push(call) });
  clients.push(client);
  return client;
}
