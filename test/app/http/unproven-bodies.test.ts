import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BodyError, createBodyBudget, readBody } from "../../../src/lib/webhook-endpoint.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";
import { post } from "../../support/webhook.ts";

const DIGEST = "0".repeat(64);
const now = () => String(Date.now());
const seconds = () => String(Math.floor(Date.now() / 1000));
const WRONG = Buffer.alloc(32).toString("base64");

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await testSandbox({ plan: "team", novuWebhooks: true });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

describe("a body whose sender's headers prove nothing", () => {
  it.each([
    ["the bridge, without a signature", "/api/novu?action=execute&workflowId=w&stepId=s", {}],
    ["the bridge, by a malformed one", "/api/novu?action=execute", { "novu-signature": "t=1" }],
    ["the bridge, by an old one", "/api/novu?action=preview", { "novu-signature": `t=1700000000000,v1=${DIGEST}` }],
    ["PostHog's webhook, without a signature", "/webhooks/posthog", {}],
    ["PostHog's webhook, by a wrong secret", "/webhooks/posthog", { "x-webhook-secret": "of nobody's secrets" }],
    ["PostHog's webhook, by an old signature", "/webhooks/posthog", standard("1700000000", `v1,${WRONG}`)],
    ["PostHog's webhook, by one of no version", "/webhooks/posthog", standard(seconds(), WRONG)],
    ["Novu's webhook, without a signature", "/webhooks/novu", {}],
    ["Segment's webhook, without a signature", "/webhooks/segment", {}],
    ["Segment's webhook, by a wrong token", "/webhooks/segment", { authorization: "Bearer of nobody" }],
    ["the route for devices, without a key", "/devices", {}],
    ["the route for devices, by another key", "/devices", { authorization: "Bearer of nobody" }],
    ["Segment's webhook, by a malformed one", "/webhooks/segment", { "x-signature": "none" }],
  ])("is not waited for at %s", async (_where, path, headers) => {
    const { socket, answer } = open(sandbox.app.url, path, { "content-length": "1900000", ...headers });
    expect(await answer).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });

  it("is too large with 2 MB at Segment's webhook, where a batch by a bearer token may have 16", async () => {
    const large = { "content-length": String(2 * 1024 * 1024 + 1) };
    const unproven = open(sandbox.app.url, "/webhooks/segment", { ...large, "x-signature": "0".repeat(40) });
    expect(await unproven.answer).toMatch(/^HTTP\/1.1 413 /);
    const batch = JSON.stringify([{ type: "track", messageId: "x", context: { x: "x".repeat(2 * 1024 * 1024) } }]);
    const proven = await fetch(`${sandbox.app.url}/webhooks/segment`, {
      method: "POST",
      headers: { authorization: `Bearer ${LOCAL_KEYS.segmentSecret}` },
      body: batch,
    });
    expect(proven.status).toBe(202);
  });
});

it("a request that does not come to its end is cut off", { tags: ["long"], timeout: 40_000 }, async () => {
  const path = "/webhooks/posthog";
  const body = open(sandbox.app.url, path, { ...standard(seconds(), `v1,${WRONG}`), "content-length": "9" });
  const head = connect(Number(new URL(sandbox.app.url).port), "127.0.0.1");
  head.write(`POST ${path} HTTP/1.1\r\nhost: a\r\n`);
  const startedAt = performance.now();
  expect(await Promise.all([body.answer, text(head)])).toEqual([
    expect.stringMatching(/^(?:HTTP\/1.1 408 |$)/),
    expect.stringMatching(/^HTTP\/1.1 408 /),
  ]);
  expect(performance.now() - startedAt).toBeGreaterThan(14_000);
});

describe("a body at the bridge with a fresh signature", () => {
  const send = (body: string, signature = `t=${now()},v1=${DIGEST}`) =>
    fetch(`${sandbox.app.url}/api/novu?action=execute&workflowId=onboarding&stepId=welcome`, {
      method: "POST",
      headers: { "content-type": "application/json", "novu-signature": signature },
      body,
    });

  it.each([
    ["wrong", JSON.stringify({ payload: {} })],
    ["wrong, over no JSON", "{"],
    ["wrong, over what cannot be made text again", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["wrong, over 2 MB of objects", `[${"{},".repeat(700_000)}{}]`],
  ])("that is %s is answered 401", async (_how, body) => {
    const answer = await send(body);
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: "SignatureMismatchError" }]);
  });

  it("is taken when it is as Novu signs it", async () => {
    const body = { payload: { n: 1.5, "2": 1, "1": 1 }, state: [] };
    const time = now();
    const digest = createHmac("sha256", LOCAL_KEYS.novu)
      .update(`${time}.${JSON.stringify(body)}`)
      .digest("hex");
    expect((await send(JSON.stringify(body), `t=${time},v1=${digest}`)).status).not.toBe(401);
    expect((await send(JSON.stringify({ ...body, more: 1 }), `t=${time},v1=${digest}`)).status).toBe(401);
  });
});

describe("the budget of all unproven bodies", () => {
  it("drops the largest for the others, and counts what is over no more", async () => {
    const budget = createBodyBudget(300_000);
    const outcomes: Array<number | string> = [];
    const server = createServer((request, response) => {
      readBody(request, 1_000_000, budget)
        .then((bytes) => outcomes.push(bytes.length))
        .catch((error: unknown) => outcomes.push(error instanceof BodyError ? error.status : String(error)))
        .finally(() => response.writeHead(200, { connection: "close" }).end());
    });
    await new Promise<void>((resolve) => server.listen(0, () => resolve()));
    const { port } = server.address() as { port: number };
    const url = `http://127.0.0.1:${port}`;
    const begin = (bytes: number) => {
      const opened = open(url, "/", { "content-length": "900000" });
      opened.socket.write("x".repeat(bytes));
      return opened;
    };

    const [small, large] = [begin(80_000), begin(210_000)];
    await eventually(() => small.socket.bytesWritten > 80_000 && large.socket.bytesWritten > 210_000);
    const event = await fetch(url, { method: "POST", body: "x".repeat(60_000) });
    expect([event.status, outcomes]).toEqual([200, expect.arrayContaining([503, 60_000])]);
    small.socket.end();
    await eventually(() => outcomes.length === 3);
    expect(outcomes).toContain(400);

    for (let round = 0; round < 10; round += 1) await fetch(url, { method: "POST", body: "x".repeat(299_000) });
    expect(outcomes.filter((outcome) => outcome === 299_000)).toHaveLength(10);
    await new Promise((resolve) => server.close(resolve));
  });

  it("lets an event in while others hold more than there is room for", async () => {
    const held = Array.from({ length: 20 }, () => {
      const opened = open(sandbox.app.url, "/webhooks/posthog", {
        ...standard(seconds(), `v1,${WRONG}`),
        "content-length": "2000000",
      });
      opened.socket.write("x".repeat(1_990_000));
      return opened;
    });
    const dropped = await Promise.race(held.map(({ answer }) => answer));
    expect(dropped).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after/i);
    const event = await post(sandbox.app.url, { event: { uuid: "u", event: "e", distinct_id: "d" } });
    expect(event.status).toBe(202);
    for (const { socket } of held) socket.destroy();
  });
});

function standard(timestamp: string, signature: string): Record<string, string> {
  return { "webhook-id": "1", "webhook-timestamp": timestamp, "webhook-signature": signature };
}

/** Sends the head of a request, and answers what comes back. */
function open(url: string, path: string, headers: Record<string, string>): { socket: Socket; answer: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: hostname, "content-type": "application/json", ...headers });
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  socket.on("error", () => {});
  return { socket, answer: text(socket) };
}
