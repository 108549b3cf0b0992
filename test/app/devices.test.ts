import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { fromBackend } from "../support/backend.ts";
import { campaign, happen } from "../support/campaign.ts";
import { metric } from "../support/metrics.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

const NO_TOKEN = ["skipped", "unreachable", "Novu has no push token"];
const SENT = ["sent", null, null];

/** One push message for each event "called". */
const pushes = campaign({
  category: "transactional",
  workflow: ({ step }) => step.push("call", () => ({ subject: "a", body: "b" })),
});

const logged: string[] = [];
let sandbox: Sandbox;
beforeAll(async () => {
  const log = createLog({ level: "trace", destination: { write: (line: string) => void logged.push(line) } });
  sandbox = await testSandbox({ workflows: [pushes], log });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

describe("a device", () => {
  it("gets the next push messages of its person, from its registration until its removal", async () => {
    expect(await call("ada")).toEqual([NO_TOKEN, []]);
    expect(await register("ada", "ada-phone")).toEqual([202, { registered: 1 }]);
    expect(await call("ada")).toEqual([SENT, ["ada-phone"]]);
    await register("ada", "ada-tablet");
    await register("ada", "ada-expo", { provider: "expo" });
    expect(await call("ada")).toEqual([SENT, ["ada-phone,ada-tablet", "ada-expo"]]);

    expect(await remove("ada-phone")).toEqual([202, { removed: 1 }]);
    expect(await remove("ada-phone")).toEqual([202, { removed: 0 }]);
    await remove("ada-expo", "expo");
    expect(await call("ada")).toEqual([SENT, ["ada-tablet"]]);
    await remove("ada-tablet");
    expect(await call("ada")).toEqual([NO_TOKEN, []]);
  });

  it("that another person registers gets only the messages of that person", async () => {
    await register("grace", "shared");
    expect(await call("grace")).toEqual([SENT, ["shared"]]);
    await register("alan", "shared");
    expect(await call("grace")).toEqual([NO_TOKEN, []]);
    expect(await call("alan")).toEqual([SENT, ["shared"]]);
  });

  it("is at the integration that was named", async () => {
    const { integrations } = sandbox.novu;
    integrations.push({ ...integrations.find(({ providerId }) => providerId === "apns")!, identifier: "apns-2" });
    await register("mary", "mary-old", { provider: "apns", integration: "apns" });
    await register("mary", "mary-new", { provider: "apns" });
    expect(tokensAtNovu("mary")).toEqual({ apns: ["mary-old"], "apns-2": ["mary-new"] });
    await register("mary", "mary-new", { provider: "apns", integration: "apns" });
    expect(tokensAtNovu("mary")).toEqual({ apns: ["mary-old", "mary-new"], "apns-2": [] });
  });

  it("stays with its id when a merge makes another id the same person, because anybody can merge", async () => {
    await register("visitor-1", "of-visitor-1");
    const properties = { $anon_distinct_id: "visitor-1", $set: { email: "joan@example.com" } };
    sandbox.posthog.capture({ event: "$identify", distinctId: "joan", properties });
    await sandbox.travel({ minutes: 1 });
    expect((await sandbox.app.store.people.listRecords("joan")).aliases).toHaveLength(1);
    expect(await call("joan")).toEqual([NO_TOKEN, []]);
    await register("joan", "of-visitor-1");
    expect(await call("joan")).toEqual([SENT, ["of-visitor-1"]]);
    expect(tokensAtNovu("visitor-1")).toEqual({ fcm: [] });
  });

  it("leaves the rest of its subscriber as it is, and makes no subscriber for a token that is gone", async () => {
    happen(sandbox, "$set", { distinctId: "barbara", plan: "pro" });
    await sandbox.settled();
    const before = structuredClone(sandbox.novu.state.subscribers.barbara);
    expect(before).toMatchObject({ email: "barbara@example.com", data: { plan: "pro" } });
    await register("barbara", "of-barbara");
    expect(sandbox.novu.state.subscribers.barbara).toEqual({ ...before, channels: [expect.any(Object)] });

    sandbox.novu.injectFault(() => ({ status: 503 }));
    await register("nobody", "of-nobody");
    await remove("of-nobody");
    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 5 });
    expect(sandbox.novu.state.subscribers.nobody).toBeUndefined();
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("is stored when the answer is 202, although Novu is down and the app restarts", async () => {
    sandbox.novu.injectFault(() => "hang up");
    expect(await register("edith", "of-edith")).toEqual([202, { registered: 1 }]);
    await sandbox.restartApp({ isSynced: false });
    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 5 });
    expect(tokensAtNovu("edith")).toEqual({ fcm: ["of-edith"] });
  });

  it("is removed at Novu although it was removed while the call that adds it was on its way", async () => {
    happen(sandbox, "$set", { distinctId: "ida" });
    await sandbox.settled();
    let calls = 0;
    sandbox.novu.injectFault(({ method }) => {
      if (method !== "PUT") return null;
      calls += 1;
      return { delayMs: 100 };
    });
    await fromBackend(sandbox, "POST /devices", { distinct_id: "ida", provider: "fcm", token: "of-ida" });
    await eventually(() => calls > 0);
    expect(await remove("of-ida")).toEqual([202, { removed: 1 }]);
    sandbox.novu.injectFault(null);
    expect(tokensAtNovu("ida")).toEqual({ fcm: [] });
    await sandbox.travel({ minutes: 1 });
    expect(tokensAtNovu("ida")).toEqual({ fcm: [] });
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("that Novu cannot have shows why, and is there after a redrive", async () => {
    const fcm = sandbox.novu.integrations.find(({ providerId }) => providerId === "fcm")!;
    fcm.active = false;
    await register("hedy", "of-hedy");
    await register("hedy", "of-hedy");
    const [dead, ...others] = await sandbox.app.store.jobs.listDead({ limit: 10 });
    expect([dead?.error, others]).toEqual([
      "Novu refuses the call (400): Subscribers environment (local) do not have active fcm integration.",
      [],
    ]);
    fcm.active = true;
    await sandbox.app.store.jobs.redrive("all");
    await sandbox.settled();
    expect(tokensAtNovu("hedy")).toEqual({ fcm: ["of-hedy"] });
  });
});

describe("a request of the back end", () => {
  const TOKEN = "a-secret-token";
  const device = { distinct_id: "ada", provider: "fcm", token: TOKEN };

  it.each([
    ["without a key", {}],
    ["with another key", { authorization: "Bearer another-key-of-24-characters" }],
    ["with the key of another service", { authorization: `Bearer ${"local-segment-secret"}` }],
  ])("is refused %s, before its body is read", async (_name, headers) => {
    for (const route of ["POST /devices", "DELETE /devices"] as const) {
      const response = await fromBackend(sandbox, route, "{", headers as Record<string, string>);
      expect([response.status, await response.json()]).toEqual([401, { error: "send BACKEND_KEY as a bearer token" }]);
    }
  });

  it.each<["POST /devices" | "DELETE /devices", object | string, RegExp]>([
    ["POST /devices", `{"token":"${TOKEN}"`, /^the body: /],
    ["POST /devices", [device], /^the body: /],
    ["POST /devices", { ...device, distinct_id: undefined }, /^distinct_id: /],
    ["POST /devices", { ...device, distinct_id: 7 }, /^distinct_id: /],
    ["POST /devices", { ...device, distinct_id: "" }, /^distinct_id: /],
    ["POST /devices", { ...device, distinct_id: "a\0" }, /^distinct_id: /],
    ["POST /devices", { ...device, distinct_id: "x".repeat(201) }, /^distinct_id: /],
    ["POST /devices", { ...device, distinct_id: "undefined" }, /^distinct_id: the distinct id is a placeholder$/],
    ["POST /devices", { ...device, provider: "slack" }, /^provider: .*"fcm"/],
    ["POST /devices", { ...device, provider: undefined }, /^provider: /],
    ["POST /devices", { ...device, token: "" }, /^token: /],
    ["POST /devices", { ...device, token: `${TOKEN} ` }, /^token: /],
    ["POST /devices", { ...device, token: [TOKEN] }, /^token: /],
    ["POST /devices", { ...device, token: TOKEN.repeat(200) }, /^token: /],
    ["POST /devices", { ...device, integration: "" }, /^integration: /],
    ["POST /devices", { ...device, [TOKEN]: "" }, /^the body has other fields than provider, token, distinct_id/],
    ["DELETE /devices", device, /^the body has other fields than provider, token$/],
    ["DELETE /devices", { provider: "fcm" }, /^token: /],
    ["DELETE /devices", { token: TOKEN }, /^provider: /],
  ])("%s %j is refused, and names the field without its value", async (route, body, error) => {
    const response = await fromBackend(sandbox, route, body);
    const answer = (await response.json()) as { error: string };
    expect([response.status, answer]).toEqual([400, { error: expect.stringMatching(error) }]);
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
  });

  it("that is too large is refused", async () => {
    const response = await fromBackend(sandbox, "POST /devices", { ...device, more: "x".repeat(16 * 1024) });
    expect(response.status).toBe(413);
  });

  it("is counted, and no log line has a token or a person", async () => {
    const counts = () => metric(sandbox.app.url, "bridge_backend_answers_total");
    const before = await counts();
    await fromBackend(sandbox, "POST /devices", { ...device, distinct_id: "logged-person" });
    await fromBackend(sandbox, "POST /devices", { ...device, distinct_id: "" });
    await fromBackend(sandbox, "DELETE /devices", device, {});
    await remove(TOKEN);
    const after = await counts();
    const added = Object.entries(after).map(([labels, count]) => [labels, count - (before[labels] ?? 0)]);
    expect(Object.fromEntries(added)).toMatchObject({
      'route="POST /devices",status="202"': 1,
      'route="POST /devices",status="400"': 1,
      'route="DELETE /devices",status="401"': 1,
      'route="DELETE /devices",status="202"': 1,
    });
    const text = logged.join("");
    expect(text).toContain('"devices sent"');
    expect(text).not.toMatch(new RegExp(`${TOKEN}|logged-person|ada-phone|of-(edith|hedy)|"(ada|grace|hedy)"`));
  });

  it("finds no route without BACKEND_KEY", async () => {
    sandbox.config.backendKey = undefined;
    await sandbox.restartApp();
    for (const route of ["POST /devices", "DELETE /devices"] as const) {
      const response = await fromBackend(sandbox, route, device);
      expect([response.status, await response.json()]).toEqual([404, { error: "not found" }]);
    }
  });
});

async function register(distinctId: string, token: string, options: object = {}) {
  const body = { distinct_id: distinctId, provider: "fcm", token, ...options };
  return answered(await fromBackend(sandbox, "POST /devices", body));
}

async function remove(token: string, provider = "fcm") {
  return answered(await fromBackend(sandbox, "DELETE /devices", { provider, token }));
}

async function answered(response: Response) {
  await sandbox.settled();
  return [response.status, await response.json()];
}

/** The decision on a new push message for this person, and the tokens to which it was sent. */
async function call(distinctId: string) {
  const before = sandbox.novu.state.messages.length;
  happen(sandbox, "called", { distinctId });
  await sandbox.settled();
  const [newest] = await sandbox.app.store.decisions.list({ distinctId, limit: 1 });
  const sent = sandbox.novu.state.messages.slice(before).map(({ to }) => to);
  return [newest && [newest.outcome, newest.reason, newest.detail], sent];
}

/** By integration. */
function tokensAtNovu(distinctId: string) {
  const channels = sandbox.novu.state.subscribers[distinctId]?.channels ?? [];
  return Object.fromEntries(channels.map((one) => [one._integrationId, one.credentials.deviceTokens]));
}
