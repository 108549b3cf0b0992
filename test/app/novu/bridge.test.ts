import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { workflow } from "@novu/framework";
import express, { type RequestHandler } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openApp } from "../../../src/app.ts";
import { callFactsIn } from "../../../src/contracts/call.ts";
import type { Decision } from "../../../src/contracts/decision.ts";
import { assertWithinPlan } from "../../../src/contracts/novu.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { createLog } from "../../../src/lib/log.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createBodyBudget } from "../../../src/lib/webhook-endpoint.ts";
import { createBridge } from "../../../src/novu/bridge.ts";
import { openFrameworks } from "../../../src/novu/framework.ts";
import { decision } from "../../support/facts.ts";
import { testFolder } from "../../support/folder.ts";
import { productOf } from "../../support/product/product.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";

const KEY = "secret-key";
const lines: string[] = [];
const recorded: Decision[] = [];
const recording = {
  records: {
    findShape: async () => null,
    listShapes: async () => [],
    findShapeOf: async () => null,
    findCustomValues: async () => ({}),
    saveCustomValue: async () => ({}),
  },
  decisionsOf: async () => [],
  onWait: async () => {},
  beginWait: async () => {},
  withRun: async <Body>(_call: unknown, body: Body) => body,
  now: () => 0,
  async recordDecision(decision: Decision) {
    recorded.push(decision);
    await whileRecording();
    return decision;
  },
};
let whileRecording = async () => {};
let endSlowly = () => {};
/** Ends when a test says so. */
const slowly = new Promise<void>((resolve) => {
  endSlowly = resolve;
});
let asking: Socket;
let server: Listening;

beforeAll(async () => {
  const build = (says: string) =>
    workflow("w", async ({ step, context }) => {
      const { decisions } = callFactsIn(context);
      await step.email("fine", () => ({ subject: says, body: "b" }));
      await step.email("decides", () => {
        decisions.push(decision({ transactionId: "t", step: "decides" }));
        return { subject: "s", body: "b" };
      });
      await step.email("invalid", () => {
        decisions.push(decision({ transactionId: "t", step: "invalid" }));
        return { subject: "", body: "b" };
      });
      await step.email("throws", () => {
        throw new Error("the secret of person 42");
      });
      await step.email("slow", async () => {
        decisions.push(decision({ transactionId: "t", step: "slow" }));
        await slowly;
        return { subject: "s", body: "b" };
      });
      await step.email("throws-in-skip", () => ({ subject: "s", body: "b" }), {
        skip: () => {
          throw new Error("store down");
        },
      });
    });
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const options = { secretKey: KEY, apiUrl: "http://novu.invalid", log };
  const bridge = createBridge({
    ...options,
    frameworks: await openFrameworks({ ...options, live: [build("live")], samples: [build("sample")] }),
    budget: createBodyBudget(Number.POSITIVE_INFINITY),
    ...recording,
  });
  const remember: RequestHandler = ({ socket }, _response, next) => {
    asking = socket;
    next();
  };
  server = await serve(express().use(remember).use("/api/novu", bridge), { port: 0 });
});
afterAll(() => server.close());

describe("the bridge", () => {
  it("executes with the live workflows and previews with the samples", async () => {
    expect(await (await call("execute", "fine")).json()).toMatchObject({
      outputs: { subject: "live" },
      options: { skip: false },
    });
    expect(await (await call("preview", "fine")).json()).toMatchObject({ outputs: { subject: "sample" } });
    expect(await (await call("preview&action=execute", "fine")).json()).toMatchObject({
      outputs: { subject: "sample" },
    });
  });

  it.each(["throws", "throws-in-skip"])(
    "answers 503, which Novu tries again, without a stack or a secret: %s",
    async (step) => {
      const response = await call("execute", step);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(text).not.toMatch(/secret of person|store down|stack|at /);
    },
  );

  it.each([
    ["no signature", {}],
    ["a signature by another key", { "novu-signature": signature({}, { key: "other" }) }],
    ["an old signature", { "novu-signature": signature({}, { time: Date.now() - 6 * 60_000 }) }],
    ["a signature of another body", { "novu-signature": signature({ other: 1 }) }],
  ])("refuses %s", async (_name, headers) => {
    for (const query of [
      "action=execute&workflowId=w&stepId=fine",
      "action=preview&workflowId=w&stepId=fine",
      "action=trigger&workflowId=w",
    ]) {
      const response = await fetch(`${server.url}/api/novu?${query}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: "{}",
      });
      expect(response.status).toBe(401);
    }
    expect((await fetch(`${server.url}/api/novu?action=discover`, { headers })).status).toBe(401);
  });

  it("counts a message as sent only when it is handed over, and says so when it could not be made", async () => {
    const run = {
      transactionId: "t",
      eventUuid: "u",
      eventName: "e",
      distinctId: "ada",
      occurredAt: "2026-03-02T09:00:00.000Z",
      source: "posthog",
      snapshot: {},
    };
    recorded.length = 0;
    await call("execute", "decides", { run });
    expect(recorded).toMatchObject([{ outcome: "sent", step: "decides" }]);

    // Novu closes the connection while the decision is recorded.
    recorded.length = 0;
    const hangUp = new AbortController();
    whileRecording = async () => {
      whileRecording = async () => {};
      hangUp.abort();
      await once(asking, "close");
    };
    await expect(call("execute", "decides", { run }, hangUp.signal)).rejects.toThrow();
    await eventually(() => recorded.length > 1);
    expect(recorded).toMatchObject([
      { outcome: "sent", step: "decides" },
      { outcome: "failed", step: "decides", detail: "Novu waited no longer" },
    ]);

    recorded.length = 0;
    await call("execute", "invalid", { run });
    await call("execute", "throws", { run });
    await call("preview", "invalid", { run });
    expect(recorded.map(({ step, outcome, reason, detail }) => [step, outcome, reason, detail])).toEqual([
      ["invalid", "failed", "error", "ExecutionStateOutputInvalidError"],
      ["throws", "failed", "error", "StepExecutionFailedError"],
    ]);
  });

  it("answers 503 before Novu hangs up, whichever part takes long, and does not count the message as sent", async () => {
    recorded.length = 0;
    const startedAt = performance.now();
    const run = {
      transactionId: "t",
      eventUuid: "u",
      eventName: "e",
      distinctId: "ada",
      occurredAt: "2026-03-02T09:00:00.000Z",
      source: "posthog",
      snapshot: {},
    };
    expect((await call("execute", "slow", { run })).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(3_900);
    endSlowly();
    await eventually(() => recorded.length > 0);
    expect(recorded).toMatchObject([{ step: "slow", outcome: "failed", detail: "Novu waited no longer" }]);
  });

  it("says it is healthy to anyone, as Novu asks", async () => {
    expect(await (await fetch(`${server.url}/api/novu`)).json()).toMatchObject({
      status: "ok",
      discovered: { workflows: 1, steps: 6 },
    });
  });

  it("takes payloads of 512 KB", async () => {
    expect((await call("execute", "fine", { text: "x".repeat(512 * 1024) })).status).toBe(200);
  });

  it("writes one line per call", async () => {
    lines.length = 0;
    await call("execute", "fine");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { component: "novu", action: "execute", workflow: "w", step: "fine", answer: 200 },
    ]);
  });

  it("does not open with a workflow that cannot be discovered, and names it", async () => {
    const broken = workflow("broken", async ({ payload }) => {
      (payload as { a: { b: string } }).a.b.trim();
    });
    await expect(
      openFrameworks({
        secretKey: KEY,
        apiUrl: "http://novu.invalid",
        live: [broken],
        samples: [],
        log: createLog({ level: "silent" }),
      }),
    ).rejects.toThrow('the workflow "broken" cannot be used');
  });
});

describe("a workflow triggered by hand from Novu's dashboard, in a development environment", () => {
  it("writes to the subscriber, and leaves no trace of a run", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({
      event: "$identify",
      distinctId: "ada",
      properties: { $set: { email: "ada@example.com", name: "Ada Lovelace" } },
    });
    const body = {
      payload: {},
      controls: { subject: "Hello {{subscriber.firstName}} & Co" },
      state: [],
      subscriber: { subscriberId: "ada", firstName: "Ada", email: "ada@example.com" },
      context: {},
      env: { name: "Development", type: "dev" },
    };
    const response = await fetch(`${sandbox.app.url}/api/novu?action=execute&workflowId=onboarding&stepId=welcome`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "novu-signature": signature(body, { key: sandbox.config.novu.secretKey }),
      },
      body: JSON.stringify(body),
    });
    expect(await response.json()).toMatchObject({
      outputs: { subject: "Hello Ada & Co", body: expect.stringContaining("Hi Ada,") },
    });
    expect(await sandbox.app.store.decisions.list()).toEqual([]);
  });
});

describe("a preview", () => {
  it("calls no service and records nothing, in the app as it is", async () => {
    await using sandbox = await testSandbox();
    const body = { payload: {}, controls: {}, state: [], subscriber: { subscriberId: "ada" }, context: {}, env: {} };
    const headers = {
      "content-type": "application/json",
      "novu-signature": signature(body, { key: sandbox.config.novu.secretKey }),
    };
    const url = `${sandbox.app.url}/api/novu?action=preview&workflowId=onboarding&stepId=welcome`;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    expect(await response.json()).toMatchObject({ outputs: { body: expect.stringContaining("Hi Ada,") } });
    expect([sandbox.posthog.reads.calls, await sandbox.app.store.decisions.list()]).toEqual([0, []]);
  });
});

describe("assertWithinPlan", () => {
  it("names all that Novu would refuse", () => {
    const workflows = [
      { id: "long", steps: 21 },
      ...Array.from({ length: 20 }, (_, index) => ({ id: `w${index}`, steps: 1 })),
    ];
    expect(() => assertWithinPlan(workflows, "free")).toThrow(/"long" has 21 steps.*\n.*21 workflows/);
    expect(() => assertWithinPlan(workflows.slice(1), "free")).not.toThrow();
    expect(() => assertWithinPlan(workflows, "team")).toThrow(/^workflow "long" has 21 steps[^\n]*$/);
  });

  it("keeps the app from starting", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    const long = lifecycle({
      id: "long",
      name: "Long",
      description: "Three weeks of waiting, which is 21 steps on the Free plan.",
      category: "transactional",
      on: [event("never")],
      payload: z.object({}),
      from: () => ({}),
      workflow: ({ step }) => step.wait("three-weeks", { days: 21 }),
    });
    const opening = openApp(
      { ...sandbox.config, port: 0, dataDir: folder.path },
      { product: productOf([long]), log: createLog({ level: "silent" }) },
    );
    await expect(opening).rejects.toThrow('workflow "long" has 21 steps');
  });
});

function call(action: string, stepId: string, payload: object = {}, signal?: AbortSignal): Promise<Response> {
  const body = {
    payload,
    controls: {},
    state: ["fine", "decides", "invalid", "throws", "slow"].map((id) => ({
      stepId: id,
      outputs: {},
      state: { status: "completed" },
    })),
    subscriber: {},
    context: {},
    env: {},
  };
  return fetch(`${server.url}/api/novu?action=${action}&workflowId=w&stepId=${stepId}`, {
    method: "POST",
    headers: { "content-type": "application/json", "novu-signature": signature(body) },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

function signature(body: unknown, { key = KEY, time = Date.now() } = {}): string {
  return `t=${time},v1=${createHmac("sha256", key)
    .update(`${time}.${JSON.stringify(body)}`)
    .digest("hex")}`;
}
