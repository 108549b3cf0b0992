import { connect } from "node:net";
import express from "express";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalNovu, openLocalNovu } from "../../../src/sandbox/local-novu/local-novu.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

// As Novu's own API 3.19 was seen to answer.

const KEY = "k";
const LONG_LOCAL_PART = `${"a".repeat(65)}@example.com`;
const BAD_FIELDS: Array<[string, object, string]> = [
  ["an email with a local part of 65 characters", { email: LONG_LOCAL_PART }, "email must be an email"],
  ["a locale that is a word", { locale: "german" }, "locale must be locale"],
  ["a time zone that is none", { timezone: "Mars/Phobos" }, "timezone must be a valid IANA time-zone"],
];

let clock: VirtualClock;
let bridge: Listening;
let novu: LocalNovu;

beforeEach(async () => {
  clock = createVirtualClock({ startAt: 0, flowing: false });
  const steps = [{ stepId: "note", type: "in_app" }];
  const workflows = [
    { workflowId: "w", name: "W", steps },
    { workflowId: "empty", name: "Empty", steps: [] },
  ];
  const app = express()
    .get("/", (_request, response) => response.json({ workflows }))
    .post("/", (_request, response) => response.json({ outputs: { body: "b" }, options: { skip: false } }));
  bridge = await serve(app, { port: 0 });
  novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0 });
  await api("POST", "/v1/bridge/sync", { bridgeUrl: bridge.url });
});
afterEach(async () => {
  clock.stop();
  await Promise.all([novu.close(), bridge.close()]);
});

describe("a trigger", () => {
  it("of several people is one run of each, with one transaction id", async () => {
    const { body } = await api("POST", "/v1/events/trigger", { name: "w", to: ["ada", { subscriberId: "bob" }] });
    await novu.idle();
    const { transactionId } = (body as { data: { transactionId: string } }).data;
    expect(novu.state.runs.map((run) => [run.subscriberId, run.transactionId])).toEqual([
      ["ada", transactionId],
      ["bob", transactionId],
    ]);
  });

  it.each([
    ["without a name", { to: "ada" }, "name: "],
    ["without a recipient", { name: "w" }, "to: "],
    ["with a payload that is none", { name: "w", to: "ada", payload: "x" }, "payload: "],
  ])("%s is a 422 with its messages", async (_name, body, message) => {
    const { status, body: said } = await api("POST", "/v1/events/trigger", body);
    expect([status, said]).toEqual([
      422,
      {
        statusCode: 422,
        message: "Validation Error",
        error: "Unprocessable Entity",
        path: "/v1/events/trigger",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        ctx: {},
        errors: { general: { messages: [expect.stringContaining(message)] } },
      },
    ]);
  });

  it("of a workflow that is not there is a 422, as every error is worded", async () => {
    const { status, body } = await trigger({ name: "other" });
    expect([status, body]).toMatchObject([
      422,
      { statusCode: 422, message: "workflow_not_found", error: "Unprocessable Entity", path: "/v1/events/trigger" },
    ]);
  });

  it.each(BAD_FIELDS)("to a person with %s is answered 201, and dropped", async (_name, field) => {
    const { status, body } = await trigger({ to: { subscriberId: "ada", ...field } });
    await novu.idle();
    expect([status, body.data]).toMatchObject([201, { acknowledged: true, status: "processed" }]);
    expect([novu.state.runs, novu.state.subscribers]).toEqual([[], {}]);
  });

  it("of a workflow without steps is answered `processed`", async () => {
    const { status, body } = await trigger({ name: "empty" });
    await novu.idle();
    expect([status, body.data.status, novu.state.runs]).toEqual([201, "processed", []]);
  });

  it.each([
    ["auth0|64f1c2", "invalid_recipients"],
    ["a b", "invalid_recipients"],
    ["0190:ab_C.d-e", "processed"],
    ["ada+news@example.com", "processed"],
  ])("to the id %j, where ids are checked, is answered `%s`", async (subscriberId, status) => {
    const anyId = await trigger({ to: { subscriberId }, transactionId: "unchecked" });
    novu.settings.checksIds = true;
    const checked = await trigger({ to: { subscriberId }, transactionId: "checked" });
    await novu.idle();
    expect([anyId.body.data.status, checked.status, checked.body.data.status]).toEqual(["processed", 201, status]);
    expect(novu.state.runs.map(({ transactionId }) => transactionId)).toEqual(
      status === "processed" ? ["unchecked", "checked"] : ["unchecked"],
    );
  });
});

describe("three triggers of one transaction id", () => {
  it("at once make three runs, and one that comes after them none", async () => {
    await allAtOnce(3, { transactionId: "t" });
    await novu.idle();
    expect(novu.state.runs.map(({ transactionId }) => transactionId)).toEqual(["t", "t", "t"]);
    expect(new Set(novu.state.messages.map(({ id }) => id)).size).toBe(3);
    expect((await trigger({ transactionId: "t" })).status).toBe(201);
    await novu.idle();
    expect([novu.triggers.length, novu.state.runs.length]).toEqual([4, 3]);
  });

  it("make three runs as well when the worker has a backlog", async () => {
    const takeUp = novu.holdTriggers();
    for (let index = 0; index < 3; index += 1) await trigger({ transactionId: "t" });
    expect(novu.state.runs).toEqual([]);
    takeUp();
    await novu.idle();
    expect(novu.state.runs).toHaveLength(3);
  });
});

describe("an idempotency key", () => {
  it("brings an error back as 503", async () => {
    const first = await trigger({ name: "other" }, "key");
    const second = await trigger({ name: "other" }, "key");
    expect([first.status, second.status, second.headers.get("idempotency-replay")]).toEqual([422, 503, "true"]);
    expect(second.body).toMatchObject({ statusCode: 503, message: "Service Unavailable" });
  });

  it("is answered 409 with a second to wait while the first call is running", async () => {
    let asked = 0;
    novu.injectFault(() => (++asked === 1 ? { delayMs: 200 } : null));
    const first = trigger({ transactionId: "t" }, "key");
    while (novu.triggerRequests.length === 0) await new Promise(setImmediate);
    const second = await trigger({ transactionId: "t" }, "key");
    expect([second.status, second.headers.get("retry-after")]).toEqual([409, "1"]);
    expect((await first).status).toBe(201);
    const third = await trigger({ transactionId: "t" }, "key");
    expect([third.status, third.headers.get("idempotency-replay"), novu.triggers.length]).toEqual([201, "true", 1]);
  });

  it("is not heeded by a Novu of one's own", async () => {
    novu.settings.isIdempotent = false;
    const answers = [await trigger({ transactionId: "t" }, "key"), await trigger({ name: "other" }, "key")];
    expect(answers.map(({ status }) => status)).toEqual([201, 422]);
    await trigger({ transactionId: "t" }, "key");
    expect(novu.triggers).toHaveLength(2);
  });
});

describe("the rate on the free plan", () => {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    await novu.close();
    novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0, state: novu.state });
  });
  afterEach(() => void vi.useRealTimers());

  it("is 300 triggers in 5 s, with 330 at once, and the next may come within a second", async () => {
    const cancel = () => api("DELETE", "/v1/events/trigger/t", {});
    const first = await Promise.all(Array.from({ length: 340 }, (_, index) => trigger({ transactionId: `t${index}` })));
    expect(countOf(first)).toEqual({ taken: 330, refused: 10 });
    const refused = first.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ statusCode: 429, message: "API rate limit exceeded" });
    expect(refused?.headers.get("retry-after")).toBe("0");
    vi.advanceTimersByTime(5_000);
    // Novu counts cancels with triggers.
    const later = await Promise.all(Array.from({ length: 310 }, (_, index) => (index % 2 ? trigger({}) : cancel())));
    expect(countOf(later)).toEqual({ taken: 300, refused: 10 });
    vi.advanceTimersByTime(60_000);
    const last = await Promise.all(Array.from({ length: 340 }, cancel));
    expect(countOf(last)).toEqual({ taken: 330, refused: 10 });
  });

  it("is 100 changes of subscribers in 5 s, with 110 at once, preferences among them", async () => {
    await api("POST", "/v2/subscribers", { subscriberId: "ada" });
    const answers = await Promise.all(
      Array.from({ length: 119 }, (_, index) =>
        index % 2 === 0
          ? api("PATCH", "/v2/subscribers/ada", { firstName: "Ada" })
          : api("PATCH", "/v2/subscribers/ada/preferences", { channels: {} }),
      ),
    );
    expect(countOf(answers)).toEqual({ taken: 109, refused: 10 });
  });

  function countOf(answers: Array<{ status: number }>) {
    const refused = answers.filter(({ status }) => status === 429).length;
    return { taken: answers.length - refused, refused };
  }
});

describe("a subscriber", () => {
  it.each(BAD_FIELDS)("with %s is a 422, changed or made", async (_name, field, message) => {
    await api("POST", "/v2/subscribers", { subscriberId: "ada", firstName: "Ada" });
    for (const [method, path] of [
      ["POST", "/v2/subscribers"],
      ["PATCH", "/v2/subscribers/ada"],
    ] as const) {
      const { status, body } = await api(method, path, { subscriberId: "ada", firstName: "Eve", ...field });
      expect([status, body.message, body.errors]).toEqual([
        422,
        "Validation Error",
        { general: { messages: [message] } },
      ]);
    }
    expect(novu.state.subscribers.ada).toEqual({ subscriberId: "ada", firstName: "Ada" });
  });

  it("that is there is not created again with failIfExists: 409", async () => {
    const create = (query: string) => api("POST", `/v2/subscribers${query}`, { subscriberId: "ada" });
    await api("POST", "/v2/subscribers", { subscriberId: "ada", data: { plan: "pro" } });
    expect((await create("?failIfExists=true")).status).toBe(409);
    expect(novu.state.subscribers.ada).toEqual({ subscriberId: "ada", data: { plan: "pro" } });
    expect((await create("")).status).toBe(201);
    expect(novu.state.subscribers.ada).toEqual({ subscriberId: "ada" });
  });

  it("has no preference for a workflow that is not there: 404", async () => {
    await api("POST", "/v2/subscribers", { subscriberId: "ada" });
    const channels = { email: false };
    const path = "/v2/subscribers/ada/preferences";
    expect((await api("PATCH", path, { channels, workflowId: "other" })).status).toBe(404);
    expect((await api("PATCH", path, { channels, workflowId: "w" })).status).toBe(200);
    expect(novu.state.preferences.ada).toEqual({ w: channels });
  });
});

function trigger(changes: object, key?: string) {
  const body = { name: "w", to: { subscriberId: "ada" }, payload: {}, ...changes };
  return api("POST", "/v1/events/trigger", body, key === undefined ? {} : { "idempotency-key": key });
}

async function api(method: string, path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization: `ApiKey ${KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

/** So many of the same trigger in one packet; resolves when each is answered. */
async function allAtOnce(count: number, changes: object): Promise<void> {
  const body = JSON.stringify({ name: "w", to: { subscriberId: "ada" }, payload: {}, ...changes });
  const { hostname, port } = new URL(novu.url);
  const request = [
    "POST /v1/events/trigger HTTP/1.1",
    `host: ${hostname}`,
    `authorization: ApiKey ${KEY}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
  const socket = connect(Number(port), hostname);
  socket.write(request.repeat(count));
  let said = "";
  for await (const chunk of socket) {
    said += String(chunk);
    if (said.split("HTTP/1.1 201").length - 1 === count) break;
  }
  socket.destroy();
}
