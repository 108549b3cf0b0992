import { Client, type Workflow, workflow } from "@novu/framework";
import { serve as bridgeFor } from "@novu/framework/express";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import type { NovuPlan } from "../../../src/contracts/novu.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalNovu, openLocalNovu } from "../../../src/sandbox/local-novu/local-novu.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

const KEY = "k";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Monday, nine o'clock in London. */
const START = Date.parse("2026-03-02T09:00:00.000Z");
const payloadSchema = { type: "object", properties: {}, additionalProperties: true } as const;

type Handler = Parameters<typeof workflow>[1];
type Step = Parameters<Handler>[0]["step"];
type DigestOutputs = Awaited<ReturnType<Parameters<Step["digest"]>[1]>>;
type DelayOutputs = Awaited<ReturnType<Parameters<Step["delay"]>[1]>>;
type ThrottleOutputs = Awaited<ReturnType<Parameters<Step["throttle"]>[1]>>;

let novu: LocalNovu;
let clock: VirtualClock;
let bridge: Listening | undefined;

afterEach(async () => {
  clock.stop();
  await Promise.all([novu.close(), bridge?.close()]);
});

describe("a digest", () => {
  const hourly = (outputs: (payload: Record<string, unknown>) => DigestOutputs = hour) =>
    workflow(
      "w",
      async ({ step, payload }) => {
        const { events, eventCount } = await step.digest("gather", () => outputs(payload));
        await step.inApp("tell", () => ({ body: `${eventCount}: ${events.map((event) => event.payload.n).join()}` }));
      },
      { payloadSchema },
    );

  it("gathers what comes while the first one waits, and sends once", async () => {
    await open(hourly());
    await trigger("a", { n: 1 });
    await pass(10 * MINUTE_MS);
    await trigger("b", { n: 2 });
    await trigger("c", { n: 3 });
    expect([jobs("a"), jobs("b"), jobs("c")]).toEqual([
      ["gather delayed", "tell pending"],
      ["gather merged", "tell merged"],
      ["gather merged", "tell merged"],
    ]);
    await pass(HOUR_MS);
    expect(sent()).toEqual(["3: 1,2,3"]);
    expect(novu.state.messages[0]).toMatchObject({ transactionId: "a", sentAt: START + HOUR_MS });
    expect([jobs("a"), jobs("b")]).toEqual([
      ["gather completed", "tell completed"],
      ["gather merged", "tell merged"],
    ]);

    await trigger("d", { n: 4 });
    await pass(HOUR_MS);
    expect(sent()).toEqual(["3: 1,2,3", "1: 4"]);
  });

  it("gives each event's id, time and payload", async () => {
    await open(
      workflow(
        "w",
        async ({ step }) => {
          const digested = await step.digest("gather", hour);
          await step.inApp("tell", () => ({ body: JSON.stringify(digested) }));
        },
        { payloadSchema },
      ),
    );
    await trigger("a", { n: 1 });
    await pass(MINUTE_MS);
    await trigger("b", { n: 2 });
    await pass(HOUR_MS);
    expect(JSON.parse(sent()[0] ?? "")).toEqual({
      events: [
        { id: expect.any(String), time: "2026-03-02T09:00:00.000Z", payload: { n: 1 } },
        { id: expect.any(String), time: "2026-03-02T09:01:00.000Z", payload: { n: 2 } },
      ],
      eventCount: 2,
    });
  });

  it("gathers by subscriber and by key", async () => {
    await open(hourly(({ room }) => ({ ...hour(), digestKey: String(room) })));
    await trigger("a", { n: 1, room: "x" });
    await trigger("b", { n: 2, room: "y" });
    await trigger("c", { n: 3, room: "x" });
    await trigger("d", { n: 4, room: "x" }, "bob");
    await pass(HOUR_MS);
    expect(sent().sort()).toEqual(["1: 2", "1: 4", "2: 1,3"]);
  });

  it("with a look-back window, lets the first through and gathers the rest", async () => {
    await open(hourly(() => ({ ...hour(), lookBackWindow: { amount: 30, unit: "minutes" } })));
    await trigger("a", { n: 1 });
    expect([jobs("a"), sent()]).toEqual([["gather skipped", "tell completed"], ["1: 1"]]);
    await pass(10 * MINUTE_MS);
    await trigger("b", { n: 2 });
    await pass(10 * MINUTE_MS);
    await trigger("c", { n: 3 });
    expect([jobs("b")?.[0], jobs("c")?.[0]]).toEqual(["gather delayed", "gather merged"]);
    await pass(HOUR_MS);
    expect(sent()).toEqual(["1: 1", "2: 2,3"]);
    await pass(HOUR_MS);
    await trigger("d", { n: 4 });
    expect(sent()).toEqual(["1: 1", "2: 2,3", "1: 4"]);
  });

  it("waits for a time of day, the subscriber's own", async () => {
    await open(hourly(() => ({ cron: "0 8 * * *" })));
    await trigger("a", { n: 1 }, { subscriberId: "ada", timezone: "America/New_York" });
    await pass(4 * HOUR_MS - 1);
    expect(sent()).toEqual([]);
    await pass(1);
    expect(sent()).toEqual(["1: 1"]);
  });

  it("fails when it is longer than the plan takes", async () => {
    await open(hourly(() => ({ amount: 25, unit: "hours" })));
    await trigger("a");
    expect(jobs("a")).toEqual(["gather failed", "tell canceled"]);
    expect(job("a", "gather")?.error).toBe("Defer duration limit exceeded");
  });

  it("hands its place, and its hour, to the next one when it is canceled", async () => {
    await open(hourly());
    await trigger("a", { n: 1 });
    await pass(10 * MINUTE_MS);
    await trigger("b", { n: 2 });
    await trigger("c", { n: 3 });
    expect(await cancel("a")).toBe(true);
    expect([jobs("a"), jobs("b"), jobs("c")]).toEqual([
      ["gather canceled", "tell canceled"],
      ["gather delayed", "tell pending"],
      ["gather merged", "tell merged"],
    ]);
    await pass(HOUR_MS);
    expect(sent()).toEqual(["2: 2,3"]);
    expect(novu.state.messages[0]).toMatchObject({ transactionId: "b", sentAt: START + HOUR_MS });
  });

  it("leaves out a merged run that was canceled, and ends with a canceled only one", async () => {
    await open(hourly());
    await trigger("a", { n: 1 });
    await trigger("b", { n: 2 });
    expect(await cancel("b")).toBe(true);
    expect(jobs("b")).toEqual(["gather canceled", "tell canceled"]);
    await pass(HOUR_MS);
    expect(sent()).toEqual(["1: 1"]);

    await trigger("c", { n: 3 });
    expect(await cancel("c")).toBe(true);
    expect(await cancel("c")).toBe(false);
    await pass(2 * HOUR_MS);
    expect(sent()).toEqual(["1: 1"]);
  });

  it("that is skipped goes on with its own event", async () => {
    await open(
      workflow(
        "w",
        async ({ step }) => {
          const { eventCount } = await step.digest("gather", hour, { skip: () => true });
          await step.inApp("tell", () => ({ body: `${eventCount}` }));
        },
        { payloadSchema },
      ),
    );
    await trigger("a");
    await trigger("b");
    expect([jobs("a"), jobs("b"), sent()]).toEqual([
      ["gather skipped", "tell completed"],
      ["gather skipped", "tell completed"],
      ["1", "1"],
    ]);
  });

  it("wakes after a restart, with what was merged before and after it", async () => {
    await open(hourly());
    await trigger("a", { n: 1 });
    await trigger("b", { n: 2 });
    const state = JSON.parse(JSON.stringify(novu.state));
    const now = clock.now();
    clock.stop();
    await novu.close();
    clock = createVirtualClock({ startAt: now, flowing: false });
    novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0, state });
    await trigger("c", { n: 3 });
    await pass(HOUR_MS);
    expect(sent()).toEqual(["3: 1,2,3"]);
  });
});

describe("a throttle", () => {
  const throttled = (outputs: ThrottleOutputs) =>
    workflow(
      "w",
      async ({ step }) => {
        const { throttled: isThrottled } = await step.throttle("limit", () => outputs);
        await step.inApp("tell", () => ({ body: `throttled: ${isThrottled}` }));
      },
      { payloadSchema },
    );

  it("lets its threshold through in a window and skips the rest", async () => {
    await open(throttled({ type: "fixed", amount: 30, unit: "minutes", threshold: 2 }));
    await trigger("a");
    await pass(20 * MINUTE_MS);
    await trigger("b");
    await trigger("c");
    await trigger("d", {}, "bob");
    expect([jobs("a"), jobs("b"), jobs("c"), jobs("d")]).toEqual([
      ["limit completed", "tell completed"],
      ["limit completed", "tell completed"],
      ["limit skipped", "tell skipped"],
      ["limit completed", "tell completed"],
    ]);
    expect(sent()[0]).toBe("throttled: false");
    // The window began with the first, so both places are free again.
    await pass(10 * MINUTE_MS);
    await trigger("e");
    await trigger("f");
    await trigger("g");
    expect([jobs("e")?.[0], jobs("f")?.[0], jobs("g")?.[0]]).toEqual([
      "limit completed",
      "limit completed",
      "limit skipped",
    ]);
  });

  it("is asked twice when it lets through, and once when it does not", async () => {
    await open(throttled({ type: "fixed", amount: 30, unit: "minutes" }));
    await trigger("a");
    await trigger("b");
    const asked = (transactionId: string) =>
      novu.bridgeCalls.filter(({ url }) => url.includes(`jobId=${job(transactionId, "limit")?.id}`)).length;
    expect([asked("a"), asked("b")]).toEqual([2, 1]);
  });

  it("counts by key, which may be a path in the payload", async () => {
    await open(throttled({ type: "fixed", amount: 30, unit: "minutes", throttleKey: "room.id" }));
    await trigger("a", { room: { id: 1 } });
    await trigger("b", { room: { id: 2 } });
    await trigger("c", { room: { id: 1 } });
    expect([jobs("a")?.[0], jobs("b")?.[0], jobs("c")?.[0]]).toEqual([
      "limit completed",
      "limit completed",
      "limit skipped",
    ]);
  });

  it.each([
    ["a time", "2026-03-02T09:20:00.000Z"],
    ["a duration", { amount: 20, unit: "minutes" }],
  ])("takes its window from the payload: %s", async (_name, until) => {
    await open(throttled({ type: "dynamic", dynamicKey: "payload.until" }));
    await trigger("a", { until });
    await trigger("b", { until });
    await pass(20 * MINUTE_MS);
    await trigger("c", { until: { amount: 1, unit: "minutes" } });
    expect([jobs("a")?.[0], jobs("b")?.[0], jobs("c")?.[0]]).toEqual([
      "limit completed",
      "limit skipped",
      "limit completed",
    ]);
  });

  it.each([
    ["no window", {}, ["limit completed", "tell completed"], null],
    [
      "a window that is over",
      { until: "2026-03-02T08:00:00Z" },
      ["limit failed", "tell canceled"],
      "Dynamic throttle window must be in the future",
    ],
  ])("with %s in the payload", async (_name, payload, expected, error) => {
    await open(throttled({ type: "dynamic", dynamicKey: "payload.until" }));
    await trigger("a", payload);
    expect([jobs("a"), job("a", "limit")?.error]).toEqual([expected, error]);
  });

  it.each([
    ["free", 2],
    ["free", 60 * 24],
    ["team", 8 * 24],
  ] as const)("has no longest window: on the plan %s, %i h", async (plan, amount) => {
    await open(throttled({ type: "fixed", amount, unit: "hours" }), plan);
    await trigger("a");
    await pass(amount * HOUR_MS - 1);
    await trigger("b");
    await pass(1);
    await trigger("c");
    expect([jobs("a"), jobs("b"), jobs("c")]).toEqual([
      ["limit completed", "tell completed"],
      ["limit skipped", "tell skipped"],
      ["limit completed", "tell completed"],
    ]);
  });
});

describe("a delay", () => {
  const delayed = (outputs: DelayOutputs, skip = false) =>
    workflow(
      "w",
      async ({ step }) => {
        const { duration } = await step.delay("wait", () => outputs, { skip: () => skip });
        await step.inApp("tell", () => ({ body: `${duration}` }));
      },
      { payloadSchema },
    );

  it.each([
    ["until a time of day", { type: "timed", cron: "30 9 * * *" }, {}, undefined, 30],
    ["until a time of the subscriber's day", { cron: "0 5 * * *" }, {}, "America/New_York", 60],
    [
      "until a time in the payload",
      { type: "dynamic", dynamicKey: "payload.at" },
      { at: "2026-03-02T09:10:00Z" },
      undefined,
      10,
    ],
    [
      "for a duration in the payload",
      { dynamicKey: "payload.a.b" },
      { a: { b: { amount: 2, unit: "hours" } } },
      undefined,
      120,
    ],
  ] as const)("waits %s", async (_name, outputs, payload, timezone, minutes) => {
    await open(delayed(outputs as DelayOutputs));
    await trigger("a", payload, { subscriberId: "ada", ...(timezone !== undefined && { timezone }) });
    await pass(minutes * MINUTE_MS - 1);
    expect(jobs("a")).toEqual(["wait delayed", "tell pending"]);
    await pass(1);
    expect(sent()).toEqual([`${minutes * MINUTE_MS}`]);
  });

  it.each([
    [
      "no time",
      { type: "dynamic", dynamicKey: "payload.at" },
      {},
      "Dynamic delay key 'payload.at' not found in payload",
    ],
    ["a time in the past", { dynamicKey: "payload.at" }, { at: "2026-03-02T08:00:00Z" }, "must be a future date"],
    ["words", { dynamicKey: "payload.at" }, { at: "soon" }, "holds neither an ISO time nor {amount, unit}"],
    ["a wrong expression", { cron: "every day" }, {}, 'cron "every day" has no next time in UTC'],
    ["a time beyond the plan", { cron: "0 9 * * 5" }, {}, "Defer duration limit exceeded"],
  ] as const)("fails with %s", async (_name, outputs, payload, error) => {
    await open(delayed(outputs as DelayOutputs));
    await trigger("a", payload);
    expect(jobs("a")).toEqual(["wait failed", "tell canceled"]);
    expect(job("a", "wait")?.error).toContain(error);
  });

  it("that is skipped lets the next step go on at once", async () => {
    await open(delayed({ amount: 1, unit: "hours" }, true));
    await trigger("a");
    expect([jobs("a"), sent()]).toEqual([["wait skipped", "tell completed"], ["0"]]);
  });
});

describe("push, sms and chat", () => {
  const everywhere = workflow("w", async ({ step }) => {
    await step.push("push", () => ({ subject: "s", body: "pushed" }));
    await step.sms("sms", () => ({ body: "texted" }));
    await step.chat("chat", () => ({ body: "chatted" }));
    await step.inApp("tell", () => ({ body: "told" }));
  });

  it("go where the subscriber is reached", async () => {
    await open(everywhere);
    await api("POST", "/v2/subscribers", { subscriberId: "ada", phone: "+4400" });
    const put = (body: object) => api("PUT", "/v1/subscribers/ada/credentials", body);
    await put({ providerId: "fcm", credentials: { deviceTokens: ["old"] } });
    const stored = await put({ providerId: "fcm", credentials: { deviceTokens: ["one", "two"] } });
    expect(stored.status).toBe(200);
    await put({ providerId: "slack", credentials: { webhookUrl: "https://slack.invalid/1" } });
    novu.integrations.push({ ...novu.integrations.at(-1)!, identifier: "second" });
    await put({
      providerId: "slack",
      integrationIdentifier: "second",
      credentials: { webhookUrl: "https://slack.invalid/2" },
    });
    await trigger("a");
    expect(
      novu.state.messages.map(({ channel, providerId, to, content }) => [channel, providerId, to, content.body]),
    ).toEqual([
      ["push", "fcm", "one,two", "pushed"],
      ["sms", null, "+4400", "texted"],
      ["chat", "slack", "https://slack.invalid/1", "chatted"],
      ["chat", "slack", "https://slack.invalid/2", "chatted"],
      ["in_app", null, null, "told"],
    ]);
    expect(new Set(novu.state.messages.map(({ id }) => id)).size).toBe(5);
    expect(((await stored.json()) as { data: object }).data).toMatchObject({
      subscriberId: "ada",
      channels: [{ providerId: "fcm", credentials: { deviceTokens: ["one", "two"] } }],
    });
  });

  it("are canceled without an address, and the run goes on", async () => {
    await open(everywhere);
    await api("POST", "/v2/subscribers", { subscriberId: "ada" });
    await api("PUT", "/v1/subscribers/ada/credentials", { providerId: "expo", credentials: { deviceTokens: [] } });
    await trigger("a");
    expect(jobs("a")).toEqual(["push canceled", "sms canceled", "chat canceled", "tell completed"]);
    expect(["push", "sms", "chat"].map((stepId) => job("a", stepId)?.details?.[0]?.detail)).toEqual([
      "Subscriber does not have a configured channel",
      "Subscriber is missing a phone number",
      "Webhook URL for the chat channel is missing",
    ]);
  });

  it.each([
    ["nobody's", "nobody", { providerId: "fcm", credentials: {} }, 400],
    ["a provider's without integration", "ada", { providerId: "pushpad", credentials: {} }, 400],
    [
      "too many",
      "ada",
      { providerId: "fcm", credentials: { deviceTokens: Array.from({ length: 101 }, (_, index) => `${index}`) } },
      400,
    ],
    ["an unknown provider's", "ada", { providerId: "pigeon", credentials: {} }, 422],
    ["no", "ada", { providerId: "fcm" }, 422],
  ])("refuse %s credentials", async (_name, subscriberId, body, status) => {
    await open(everywhere);
    await api("POST", "/v2/subscribers", { subscriberId: "ada" });
    expect((await api("PUT", `/v1/subscribers/${subscriberId}/credentials`, body)).status).toBe(status);
  });
});

describe("an in-app message", () => {
  const asking = workflow("w", async ({ step }) => {
    const told = await step.inApp("tell", () => ({ body: "news" }));
    await step.delay("wait", hour);
    await step.email("remind", () => ({ subject: JSON.stringify(told), body: "b" }));
  });
  const remembered = (transactionId: string): unknown => {
    const mail = novu.state.messages.find((one) => one.transactionId === transactionId && one.channel === "email");
    return JSON.parse(String(mail?.content.subject).replaceAll("&quot;", '"'));
  };
  const toldIn = (transactionId: string): string => job(transactionId, "tell")?.id ?? "";

  it("is given to later steps as it is at that moment", async () => {
    await open(asking);
    for (const one of ["a", "b", "c"]) await trigger(one, {}, { subscriberId: "ada", email: "a@example.com" });
    await pass(MINUTE_MS);
    novu.mark(toldIn("a"), "seen");
    novu.mark(toldIn("b"), "read");
    await pass(HOUR_MS);
    const at = new Date(START + MINUTE_MS).toISOString();
    expect([remembered("a"), remembered("b"), remembered("c")]).toEqual([
      { seen: true, read: false, lastSeenDate: at, lastReadDate: null },
      { seen: true, read: true, lastSeenDate: at, lastReadDate: at },
      { seen: false, read: false, lastSeenDate: null, lastReadDate: null },
    ]);
    expect(() => novu.mark("none", "read")).toThrow('there is no message "none"');
  });

  it("is marked over HTTP as well", async () => {
    await open(asking);
    await trigger("a");
    await trigger("b", {}, "bob");
    const seen = (notificationIds: string[]) =>
      api("POST", "/v2/subscribers/ada/notifications/seen", { notificationIds });
    const read = (id: string) => api("PATCH", `/v2/subscribers/ada/notifications/${id}/read`);
    expect((await seen([toldIn("a"), toldIn("b")])).status).toBe(204);
    expect(novu.state.messages.map((message) => [message.seen, message.read])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect([(await read(toldIn("a"))).status, (await read(toldIn("b"))).status]).toEqual([200, 404]);
    expect(novu.state.messages.map((message) => message.read)).toEqual([true, false]);
  });
});

describe("preferences", () => {
  const choosy = (preferences: NonNullable<Parameters<typeof workflow>[2]>["preferences"]) =>
    workflow(
      "w",
      async ({ step }) => {
        await step.inApp("tell", () => ({ body: "b" }));
        await step.email("mail", () => ({ subject: "s", body: "b" }));
      },
      { ...(preferences !== undefined && { preferences }) },
    );
  const off = { enabled: false };
  const on = { enabled: true };

  it.each([
    ["nothing said", undefined, {}, {}, ["in_app", "email"]],
    ["code: all off", { all: off }, {}, {}, []],
    ["code: one on", { all: off, channels: { inApp: on } }, {}, {}, ["in_app"]],
    ["code: one off", { channels: { inApp: off } }, {}, {}, ["email"]],
    ["the subscriber over the code", { all: off }, { in_app: true }, {}, ["in_app"]],
    ["this workflow over all of them", { all: on }, { email: false }, { email: true }, ["in_app", "email"]],
    [
      "read-only on",
      { all: { enabled: true, readOnly: true } },
      { email: false },
      { in_app: false },
      ["in_app", "email"],
    ],
    ["read-only off", { all: { enabled: false, readOnly: true } }, { email: true }, {}, []],
  ])("%s", async (_name, code, everywhere, here, channels) => {
    await open(choosy(code));
    await api("POST", "/v2/subscribers", { subscriberId: "ada", email: "a@example.com" });
    await api("PATCH", "/v2/subscribers/ada/preferences", { channels: everywhere });
    await api("PATCH", "/v2/subscribers/ada/preferences", { channels: here, workflowId: "w" });
    await trigger("a");
    expect(novu.state.messages.map(({ channel }) => channel)).toEqual(channels);
    expect(jobs("a")?.filter((status) => status.endsWith("canceled"))).toHaveLength(2 - channels.length);
    // They are looked at after the bridge was asked.
    expect(novu.bridgeCalls.filter(({ url }) => url.includes("action=execute"))).toHaveLength(2);
  });
});

function hour(): { amount: number; unit: "hours" } {
  return { amount: 1, unit: "hours" };
}

async function open(served: Workflow, plan: NovuPlan = "free"): Promise<void> {
  const client = new Client({ secretKey: KEY, strictAuthentication: true, verbose: false });
  const app = express().use(express.json({ limit: "5mb" }), bridgeFor({ client, workflows: [served] }));
  bridge = await serve(app, { port: 0 });
  clock = createVirtualClock({ startAt: START, flowing: false });
  novu = await openLocalNovu({ secretKey: KEY, plan, clock, port: 0 });
  expect((await api("POST", "/v1/bridge/sync", { bridgeUrl: bridge.url })).status).toBe(201);
}

/** Resolves when the run waits or is over. */
async function trigger(transactionId: string, payload: object = {}, to: object | string = "ada"): Promise<void> {
  const { status } = await api("POST", "/v1/events/trigger", { name: "w", to, payload, transactionId });
  expect(status).toBe(201);
  await novu.idle();
}

function pass(ms: number): Promise<void> {
  return clock.travelBy(ms, novu.idle);
}

async function cancel(transactionId: string): Promise<boolean> {
  const { data } = (await (await api("DELETE", `/v1/events/trigger/${transactionId}`)).json()) as { data: boolean };
  return data;
}

function sent(): string[] {
  return novu.state.messages.map(({ content }) => String(content.body));
}

function job(transactionId: string, stepId: string) {
  return novu.state.runs
    .find((run) => run.transactionId === transactionId)
    ?.jobs.find((candidate) => candidate.stepId === stepId);
}

function jobs(transactionId: string): string[] | undefined {
  const run = novu.state.runs.find((candidate) => candidate.transactionId === transactionId);
  return run?.jobs.map(({ stepId, status }) => `${stepId} ${status}`);
}

function api(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization: `ApiKey ${KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
