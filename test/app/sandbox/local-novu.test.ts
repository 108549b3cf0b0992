import { createHmac } from "node:crypto";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NovuPlan } from "../../../src/contracts/novu.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalNovu, openLocalNovu } from "../../../src/sandbox/local-novu/local-novu.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

const KEY = "k";
const HOUR_MS = 60 * 60 * 1000;

type Answer = { status?: number; outputs?: object; skip?: boolean };
interface Call {
  stepId: string;
  at: number;
  body: { state: Array<{ stepId: string; outputs: object; state: { status: string } }>; payload: object };
  isSigned: boolean;
}

let novu: LocalNovu;
let clock: VirtualClock;
let bridge: Listening;
let calls: Call[];
let steps: Array<{ stepId: string; type: string }>;
let answers: Record<string, Answer | Answer[]>;

beforeEach(async () => {
  calls = [];
  steps = [
    { stepId: "wait", type: "delay" },
    { stepId: "mail", type: "email" },
  ];
  answers = {
    wait: { outputs: { type: "regular", amount: 1, unit: "hours" } },
    mail: { outputs: { subject: "s", body: "b" } },
  };
  const app = express()
    .use(express.json())
    .get("/", (_request, response) => response.json({ workflows: [{ workflowId: "w", name: "W", steps }] }))
    .post("/", (request, response) => {
      const stepId = String(request.query.stepId);
      calls.push({
        stepId,
        at: clock.now(),
        body: request.body,
        isSigned: isSigned(request.get("novu-signature") ?? "", request.body),
      });
      const planned = answers[stepId] ?? {};
      const { status = 200, outputs = {}, skip = false } = Array.isArray(planned) ? (planned.shift() ?? {}) : planned;
      response.status(status).json(status === 200 ? { outputs, options: { skip } } : { message: "no" });
    });
  bridge = await serve(app, { port: 0 });
  await open("free");
});
afterEach(async () => {
  clock.stop();
  await Promise.all([novu.close(), bridge.close()]);
});

describe("the local Novu", () => {
  it("asks step by step, signed, with the nearest step's state first", async () => {
    steps.push({ stepId: "note", type: "in_app" });
    await run();
    expect(calls.map(({ stepId, isSigned }) => [stepId, isSigned])).toEqual([
      ["wait", true],
      ["mail", true],
      ["note", true],
    ]);
    expect(calls[2]?.body.state.map(({ stepId, outputs }) => [stepId, outputs])).toEqual([
      ["mail", {}],
      ["wait", { duration: HOUR_MS }],
      ["", {}],
    ]);
    expect(novu.state.messages.map(({ channel, to, sentAt }) => [channel, to, sentAt])).toEqual([
      ["email", "a@example.com", HOUR_MS],
      ["in_app", null, HOUR_MS],
    ]);
  });

  it.each([
    ["free", 25, false],
    ["free", 24, true],
    ["pro", 7 * 24, true],
    ["pro", 8 * 24, false],
    ["team", 30 * 24, true],
    ["team", 31 * 24, false],
  ] as const)("on the plan %s, a delay of %i h: %s", async (plan, hours, isTaken) => {
    await reopen(plan);
    answers.wait = { outputs: { type: "regular", amount: hours, unit: "hours" } };
    await run(hours + 1);
    expect(jobs()).toEqual(isTaken ? ["wait completed", "mail completed"] : ["wait failed", "mail canceled"]);
    if (!isTaken) expect(novu.state.runs[0]?.jobs[0]?.error).toBe("Defer duration limit exceeded");
  });

  it("tries 503 again after 1, 2 and 4 s, and gives up on 502 at once", async () => {
    answers.mail = [{ status: 503 }, { status: 503 }, { status: 503 }, { outputs: { subject: "s", body: "b" } }];
    await run();
    expect(calls.filter(({ stepId }) => stepId === "mail").map(({ at }) => at - HOUR_MS)).toEqual([
      0, 1_000, 3_000, 7_000,
    ]);
    expect(novu.state.messages).toHaveLength(1);

    calls = [];
    answers.mail = { status: 502 };
    await run(2, "t2");
    expect(calls.filter(({ stepId }) => stepId === "mail")).toHaveLength(1);
  });

  it("goes on after a failed message, and ends after a failed delay", async () => {
    steps.push({ stepId: "note", type: "in_app" });
    await sync();
    answers.mail = { status: 400 };
    await run();
    expect(jobs()).toEqual(["wait completed", "mail failed", "note completed"]);
    answers.wait = { status: 400 };
    await run(2, "t2");
    expect(jobs(1)).toEqual(["wait failed", "mail canceled", "note canceled"]);
  });

  it("cancels a skipped message, skips a skipped delay, and goes on", async () => {
    answers.wait = { skip: true };
    answers.mail = { skip: true };
    await run();
    expect(jobs()).toEqual(["wait skipped", "mail canceled"]);
    expect(novu.state.messages).toEqual([]);
  });

  it("takes a repeated transaction id and starts nothing", async () => {
    expect((await trigger("t", "1")).status).toBe(201);
    expect((await trigger("t", "2")).status).toBe(201);
    await novu.idle();
    expect([novu.triggers.length, novu.state.runs.length]).toEqual([2, 1]);
  });

  it("answers the same idempotency key the same, an error by 503, and refuses another body under it", async () => {
    expect((await trigger("t", "key", "unknown")).status).toBe(422);
    await trigger("t", "other", "w");
    const again = await trigger("t", "key", "unknown");
    expect([again.status, again.headers.get("idempotency-replay")]).toEqual([503, "true"]);
    expect((await trigger("t", "key", "w")).status).toBe(422);
    expect(novu.triggers).toHaveLength(1);
  });

  it("ends what waits, and says so", async () => {
    await trigger("t", "1");
    await novu.idle();
    expect(await cancel("t")).toEqual({ data: true });
    expect(await cancel("t")).toEqual({ data: false });
    await clock.travelBy(2 * HOUR_MS, novu.idle);
    expect([jobs(), novu.state.messages]).toEqual([["wait canceled", "mail canceled"], []]);
  });

  it("keeps to what a subscriber chose", async () => {
    await api("POST", "/v2/subscribers", { subscriberId: "ada" });
    expect((await api("PATCH", "/v2/subscribers/ada/preferences", { channels: { email: false } })).status).toBe(200);
    expect((await api("PATCH", "/v2/subscribers/nobody/preferences", { channels: {} })).status).toBe(404);
    await run();
    expect([jobs(), novu.state.messages]).toEqual([["wait completed", "mail canceled"], []]);
  });

  it("cancels an email to nowhere", async () => {
    await api("POST", "/v1/events/trigger", { name: "w", to: "nobody", transactionId: "t" });
    await clock.travelBy(2 * HOUR_MS, novu.idle);
    expect(novu.state.runs[0]?.jobs[1]).toMatchObject({
      status: "canceled",
      details: [{ detail: "Subscriber missing recipient details" }],
    });
  });

  it("deletes at a sync what the bridge no longer has", async () => {
    novu.state.workflows.push({ workflowId: "old", name: null, steps: [] });
    await sync();
    expect(novu.state.workflows.map(({ workflowId }) => workflowId)).toEqual(["w"]);
  });

  it("refuses a workflow of more than 20 steps", async () => {
    steps = Array.from({ length: 21 }, (_, index) => ({ stepId: `s${index}`, type: "email" }));
    expect((await sync()).status).toBe(400);
  });

  it.each([
    ["no key", "/v1/events/trigger", undefined, 401],
    ["another key", "/v1/events/trigger", "ApiKey other", 401],
    ["no name", "/v1/events/trigger", `ApiKey ${KEY}`, 422],
    ["a route that is none", "/v1/nothing", `ApiKey ${KEY}`, 404],
  ])("refuses %s", async (_name, path, authorization, status) => {
    const headers = { "content-type": "application/json", ...(authorization !== undefined && { authorization }) };
    expect((await fetch(`${novu.url}${path}`, { method: "POST", headers, body: "{}" })).status).toBe(status);
  });

  it("refuses more than 512 KB and more than the plan's triggers per second", async () => {
    expect(
      (await api("POST", "/v1/events/trigger", { name: "w", to: "ada", payload: { x: "x".repeat(600_000) } })).status,
    ).toBe(413);
    await novu.close();
    novu = await openLocalNovu({
      secretKey: KEY,
      plan: "free",
      triggersPerSecond: 2,
      clock,
      port: 0,
      state: novu.state,
    });
    const answered = await Promise.all(Array.from({ length: 50 }, (_, index) => trigger(`t${index}`, `k${index}`)));
    const refused = answered.find(({ status }) => status === 429);
    expect(["0", "1"]).toContain(refused?.headers.get("retry-after"));
  });

  it("takes up after a restart where it was", async () => {
    await trigger("t", "1");
    await novu.idle();
    const { state } = novu;
    clock.stop();
    await novu.close();
    clock = createVirtualClock({ startAt: 0, flowing: false });
    novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0, state: structuredClone(state) });
    await clock.travelBy(2 * HOUR_MS, novu.idle);
    expect(novu.state.messages).toHaveLength(1);
  });
});

async function open(plan: NovuPlan): Promise<void> {
  clock = createVirtualClock({ startAt: 0, flowing: false });
  novu = await openLocalNovu({ secretKey: KEY, plan, clock, port: 0 });
  await sync();
}

async function reopen(plan: NovuPlan): Promise<void> {
  clock.stop();
  await novu.close();
  await open(plan);
}

async function run(hours = 2, transactionId = "t"): Promise<void> {
  await sync();
  await trigger(transactionId, transactionId);
  await clock.travelBy(hours * HOUR_MS, novu.idle);
}

function jobs(index = 0): string[] | undefined {
  return novu.state.runs[index]?.jobs.map(({ stepId, status }) => `${stepId} ${status}`);
}

function sync(): Promise<Response> {
  return api("POST", "/v1/bridge/sync?source=cli", { bridgeUrl: bridge.url });
}

function trigger(transactionId: string, key: string, name = "w"): Promise<Response> {
  return api(
    "POST",
    "/v1/events/trigger",
    { name, to: { subscriberId: "ada", email: "a@example.com" }, payload: {}, transactionId },
    { "idempotency-key": key },
  );
}

async function cancel(transactionId: string): Promise<unknown> {
  return (await api("DELETE", `/v1/events/trigger/${transactionId}`)).json();
}

function api(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization: `ApiKey ${KEY}`, "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function isSigned(header: string, body: unknown): boolean {
  const [, time = "", signature = ""] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(header) ?? [];
  return (
    signature ===
    createHmac("sha256", KEY)
      .update(`${time}.${JSON.stringify(body)}`)
      .digest("hex")
  );
}
