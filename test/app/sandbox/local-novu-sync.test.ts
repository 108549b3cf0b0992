import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalNovu, openLocalNovu } from "../../../src/sandbox/local-novu/local-novu.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

const KEY = "k";
const HOUR_MS = 60 * 60 * 1000;
const EMPTY_SCHEMA = { type: "object", properties: {}, required: [], additionalProperties: false };

/** The bridge's answer to `discover`; null hangs up. */
let discovery: { status: number; body: string } | null;
let clock: VirtualClock;
let novu: LocalNovu;
let bridge: Listening;

beforeEach(async () => {
  discovered({ workflows: [published("w")] });
  bridge = await serve(
    (request, response) => {
      if (discovery === null) return void request.socket.destroy();
      if (request.method === "GET") return void response.writeHead(discovery.status).end(discovery.body);
      const outputs = { type: "regular", amount: 1, unit: "hours" };
      response.end(JSON.stringify({ outputs, options: { skip: false } }));
    },
    { port: 0, host: "127.0.0.1" },
  );
  clock = createVirtualClock({ startAt: 0, flowing: false });
  novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0 });
});
afterEach(async () => {
  clock.stop();
  await Promise.all([novu.close(), bridge.close(0)]);
});

describe("the local Novu's workflows", () => {
  it("come back without empty objects, at every depth, and lists as they were", async () => {
    const nested = { type: "object", properties: { plan: { type: "string" }, any: {}, deep: { properties: {} } } };
    const list = { anyOf: [{}, { type: "null" }], default: {} };
    const steps = [{ stepId: "wait", type: "delay", controls: { schema: EMPTY_SCHEMA } }];
    const payload = { schema: { ...nested, items: list } };
    discovered({
      workflows: [
        { workflowId: "w", payload, steps },
        { workflowId: "none", steps: [], payload: { schema: {} } },
      ],
    });
    expect((await sync()).status).toBe(201);
    expect(await workflow("w")).toMatchObject({
      payloadSchema: {
        type: "object",
        properties: { plan: { type: "string" } },
        items: { anyOf: [{}, { type: "null" }] },
      },
      steps: [{ controls: { dataSchema: { type: "object", required: [], additionalProperties: false } } }],
    });
    expect(JSON.stringify(await workflow("w"))).not.toMatch(/"(properties|default|any|deep)":\{\}/);
    expect(await workflow("none")).not.toHaveProperty("payloadSchema");
  });

  it("come back with severity, with preferences for every channel, and with the control schemas of every type of step", async () => {
    const schema = { type: "object", properties: { hours: { type: "number" } } };
    const steps = ["delay", "digest", "throttle", "custom", "email"].map((type) => ({
      stepId: type,
      type,
      controls: { schema },
      // Novu's API does not show it.
      outputs: { schema },
    }));
    const preferences = { all: { enabled: false, readOnly: true }, channels: { email: { enabled: true } } };
    discovered({ workflows: [{ workflowId: "w", severity: "high", preferences, steps }] });
    await sync();
    const off = { enabled: false };
    expect(await workflow("w")).toMatchObject({
      severity: "high",
      preferences: {
        default: {
          all: { enabled: false, readOnly: true },
          channels: { email: { enabled: true }, sms: off, in_app: off, chat: off, push: off },
        },
      },
      steps: steps.map(({ stepId, type }) => ({ stepId, type, controls: { dataSchema: schema } })),
    });
    expect(JSON.stringify(await workflow("w"))).not.toContain("outputs");
  });

  it.each<[string, () => string | Promise<string>, string]>([
    [
      "nobody listens",
      () => "http://127.0.0.1:9/api/novu",
      "Unable to reach Bridge Endpoint at `http://127.0.0.1:9/api/novu`",
    ],
    ["it hangs up", () => answers(null), "Unable to reach Bridge Endpoint at `"],
    ["it is not found", () => answers({ status: 404, body: "<html>" }), "Unable to reach Bridge Endpoint at `"],
    [
      "a proxy answers 502",
      () => answers({ status: 502, body: "<html>" }),
      "Could not connect to Bridge Endpoint at `",
    ],
    ["a proxy answers 503", () => answers({ status: 503, body: "<html>" }), "Unknown bridge request error calling `"],
    [
      "it has another key",
      () => answers({ status: 401, body: JSON.stringify({ code: "SignatureMismatchError", message: MISMATCH }) }),
      MISMATCH,
    ],
  ])("stay as they are when a sync fails because %s, which Novu says in its words", async (_, bridgeAt, words) => {
    expect((await sync()).status).toBe(201);
    const refused = await sync(await bridgeAt());
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringContaining(words) }),
    ]);
    expect(novu.state.workflows).toHaveLength(1);
  });

  it("stay as they are when the bridge does not answer within 5 s", { tags: ["long"], timeout: 10_000 }, async () => {
    await sync();
    await using silent = await silentServer();
    const late = await sync(silent.url);
    expect([late.status, await late.json()]).toEqual([
      400,
      expect.objectContaining({ message: `Bridge request timeout for \`${silent.url}\`` }),
    ]);
    expect(novu.state.workflows).toHaveLength(1);
  });

  it.each([
    ["other JSON", '{"ok":true}'],
    ["a page", "<html></html>"],
  ])("that came by a sync are all deleted by one to a URL that answers 200 with %s", async (_, body) => {
    await sync();
    novu.state.workflows.push({ workflowId: "made", name: null, origin: "novu-cloud", steps: [] });
    discovery = { status: 200, body };
    expect((await sync()).status).toBe(201);
    expect(novu.state.workflows.map(({ workflowId }) => workflowId)).toEqual(["made"]);
  });

  it("end the runs that wait in them with a failure on waking, once a sync has deleted them", async () => {
    await sync();
    await api("POST", "/v1/events/trigger", {
      name: "w",
      to: { subscriberId: "ada", email: "a@example.com" },
      transactionId: "t",
    });
    await novu.idle();
    discovered({ workflows: [published("other")] });
    await sync();
    await clock.travelBy(2 * HOUR_MS, novu.idle);
    expect(novu.state.runs[0]?.jobs.map(({ stepId, status }) => `${stepId} ${status}`)).toEqual([
      "wait completed",
      "mail failed",
    ]);
    expect(novu.state.messages).toEqual([]);
  });
});

const MISMATCH =
  "Signature does not match the expected signature. Please ensure the signature provided in the `novu-signature` header is correct and try again.";

function discovered(body: object): void {
  discovery = { status: 200, body: JSON.stringify(body) };
}

function answers(answer: typeof discovery): string {
  discovery = answer;
  return bridge.url;
}

function published(workflowId: string) {
  const steps = [
    { stepId: "wait", type: "delay" },
    { stepId: "mail", type: "email" },
  ];
  return { workflowId, name: "W", steps };
}

async function silentServer(): Promise<{ url: string } & AsyncDisposable> {
  const server = await serve(() => {}, { port: 0, host: "127.0.0.1" });
  return { url: server.url, [Symbol.asyncDispose]: () => server.close(0) };
}

async function workflow(id: string): Promise<object> {
  return ((await (await api("GET", `/v2/workflows/${id}`)).json()) as { data: object }).data;
}

function sync(bridgeUrl = bridge.url): Promise<Response> {
  return api("POST", "/v1/bridge/sync?source=cli", { bridgeUrl });
}

function api(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization: `ApiKey ${KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
