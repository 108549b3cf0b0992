import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Message } from "../../../src/sandbox/local-novu/state.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { callBridge } from "../../support/bridge-call.ts";
import { campaign, decisions, happen, mail, upTo } from "../../support/campaign.ts";
import { losingBridge } from "../../support/losing-bridge.ts";
import { metric } from "../../support/metrics.ts";
import { putFront } from "../../support/novu-front.ts";
import { type TestSandboxOptions, testSandbox } from "../../support/sandbox.ts";
import { storedEvents } from "../../support/stored-events.ts";

const MINUTE_MS = 60_000;
const plain = (changes: Parameters<typeof campaign>[0] = {}) =>
  campaign({
    async workflow({ step }) {
      await step.email("call", mail, { atAnyHour: true });
    },
    ...changes,
  });
const NOBODY_WORKS = { isEnabled: true, weeklySchedule: {} };

describe("Novu's result of a message", () => {
  it("is reported to PostHog once Novu has confirmed it", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    happen(sandbox, "called");
    await sandbox.travel({ seconds: 29 });
    expect(told(sandbox)).toEqual([]);
    await sandbox.travel({ seconds: 1 });
    expect(told(sandbox)).toEqual(["sent call confirmed"]);
    expect(await made(sandbox)).toMatchObject([{ outcome: "sent", receipt: "confirmed" }]);
    expect(await metric(sandbox.app.url, "bridge_receipts_total")).toEqual({
      'workflow="campaign",channel="email",receipt="confirmed",reason=""': 1,
    });
  });

  it.each<[what: string, happens: (sandbox: Sandbox) => unknown, outcome: Partial<Decision>, report: string]>([
    [
      "the subscriber turned email off for this workflow, one channel only",
      (sandbox) => prefer(sandbox, { workflowId: "campaign", channels: { email: false } }),
      { outcome: "skipped", reason: "opted out at Novu", detail: "by the subscriber" },
      "skipped call opted out at Novu",
    ],
    [
      "they turned email off for all workflows",
      (sandbox) => prefer(sandbox, { channels: { email: false } }),
      { outcome: "skipped", reason: "opted out at Novu", detail: "by the subscriber" },
      "skipped call opted out at Novu",
    ],
    [
      "their Schedule is outside its hours",
      (sandbox) => prefer(sandbox, { schedule: NOBODY_WORKS }),
      { outcome: "skipped", reason: "outside the schedule", detail: null },
      "skipped call outside the schedule",
    ],
    [
      "the provider did not take it",
      ({ novu }) =>
        novu.refuseMessages(() => "451 4.7.1 <ada@example.com> try later, key ApiKey abc, +49 151 23456789"),
      {
        outcome: "failed",
        reason: "provider failed",
        detail: "451 4.7.1 <[redacted]> try later, key [redacted], [redacted]",
      },
      "failed call provider failed",
    ],
  ])("corrects the decision, PostHog's report and the cap: %s", async (_what, happens, outcome, report) => {
    await using sandbox = await testSandbox({ workflows: [plain()], marketing: upTo(1) });
    await known(sandbox);
    await happens(sandbox);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(await made(sandbox)).toMatchObject([{ outcome: "sent" }]);
    await sandbox.travel({ minutes: 1 });
    expect(await made(sandbox)).toMatchObject([{ ...outcome, receipt: "corrected", exposures: [] }]);
    await sandbox.travel({ hours: 2 });
    expect(told(sandbox)).toEqual([report]);
    expect(await metric(sandbox.app.url, "bridge_receipts_total")).toEqual({
      [`workflow="campaign",channel="email",receipt="corrected",reason="${outcome.reason}"`]: 1,
    });

    // The one place of the week is free again.
    sandbox.novu.refuseMessages(null);
    await prefer(sandbox, { channels: { email: true }, schedule: { isEnabled: false } });
    await prefer(sandbox, { workflowId: "campaign", channels: { email: true } });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox)).toEqual([report, "sent call confirmed"]);
  });

  it("counts as sent when one of several devices took it", () => oneOfTwoDevices());
});

describe("a decision that can be made before the run", () => {
  const off = (preferences: NonNullable<Parameters<typeof campaign>[0]>["preferences"]) => plain({ preferences });

  it.each([
    [
      "email off, which the subscriber cannot change",
      { all: { readOnly: true }, channels: { email: { enabled: false } } },
    ],
    ["all off, which they cannot change", { all: { enabled: false, readOnly: true } }],
    ["email off, which they have not turned on", { channels: { email: { enabled: false } } }],
  ])("the workflow has %s", async (_what, preferences) => {
    await using sandbox = await testSandbox({ workflows: [off(preferences)] });
    await known(sandbox);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "opted out at Novu", "by the workflow"]]);
    expect(told(sandbox)).toEqual(["skipped call opted out at Novu"]);
    await sandbox.travel({ hours: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
  });

  it("but what they have turned on at Novu is sent", async () => {
    await using sandbox = await testSandbox({ workflows: [off({ channels: { email: { enabled: false } } })] });
    await known(sandbox);
    await prefer(sandbox, { workflowId: "campaign", channels: { email: true } });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox)).toEqual(["sent call confirmed"]);
  });

  it.each([
    ["has no answer", { status: 503 }],
    ["takes longer than a second", { delayMs: 1_500 }],
  ])("and is Novu's to decide when it %s", async (_what, trouble) => {
    await using sandbox = await testSandbox({ workflows: [off({ channels: { email: { enabled: false } } })] });
    for (const person of ["ada", "grace"]) await known(sandbox, person);
    await prefer(sandbox, { workflowId: "campaign", channels: { email: true } });
    sandbox.novu.injectFault(({ method, path }) =>
      method === "GET" && path.endsWith("/preferences") ? trouble : null,
    );
    for (const distinctId of ["ada", "grace"]) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ minutes: 1 });
    const outcomes = (await made(sandbox)).map(({ distinctId, outcome, detail }) => [distinctId, outcome, detail]);
    expect(outcomes.sort()).toEqual([
      ["ada", "sent", null],
      ["grace", "skipped", "by the workflow"],
    ]);
    expect(told(sandbox).sort()).toEqual(["sent call confirmed", "skipped call opted out at Novu"]);
  });

  it.each([
    ["push", { push_enabled: true }, "Novu has no push token"],
    ["chat", { chat_connected: true }, "Novu has no chat webhook"],
  ] as const)("Novu reaches nobody by %s", async (channel, properties, detail) => {
    const workflow = plain({
      async workflow({ step }) {
        if (channel === "push") await step.push("call", () => ({ subject: "a", body: "b" }), { atAnyHour: true });
        else await step.chat("call", () => ({ body: "b" }), { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    happen(sandbox, "called", properties);
    await sandbox.settled();
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "unreachable", detail]]);
    expect(told(sandbox)).toEqual(["skipped call unreachable"]);
  });
});

describe("Novu's channels of a subscriber", () => {
  const token = { providerId: "fcm", credentials: { deviceTokens: ["one"] } };
  const webhook = { providerId: "slack", credentials: { webhookUrl: "https://slack.invalid" } };
  const both = plain({
    async workflow({ step }) {
      await step.wait("a-day", { days: 1 });
      await step.push("push", () => ({ subject: "a", body: "b" }), { atAnyHour: true });
      await step.chat("chat", () => ({ body: "b" }), { atAnyHour: true });
    },
  });

  it.each<[what: string, subscriber: object, push: string | null, chat: string | null]>([
    ["are not named at all: what the source says counts", {}, null, null],
    ["are none", { channels: [] }, "Novu has no push token", "Novu has no chat webhook"],
    ["have a token", { channels: [token] }, null, "Novu has no chat webhook"],
    ["have a webhook", { channels: [webhook] }, "Novu has no push token", null],
    [
      "have neither, in other words",
      { channels: [{ credentials: { deviceTokens: [""] } }, { credentials: null }, null, "?"] },
      "Novu has no push token",
      "Novu has no chat webhook",
    ],
    [
      "are none, but a phone number, by which some chat providers go",
      { channels: [], phone: "+49" },
      "Novu has no push token",
      null,
    ],
  ])("%s", async (_what, known, push, chat) => {
    await using sandbox = await testSandbox({ workflows: [both] });
    happen(sandbox, "called", { push_enabled: true, chat_connected: true });
    await sandbox.settled();
    const [run] = sandbox.novu.state.runs;
    const done = (stepId: string) => ({ stepId, outputs: {}, state: { status: "completed" } });
    const body = {
      payload: run?.payload,
      subscriber: { subscriberId: "ada", email: "ada@example.com", ...known },
      state: [done("push"), { ...done("a-day"), outputs: { duration: 1 } }],
    };
    for (const step of ["push", "chat"]) await callBridge(sandbox, { workflow: "campaign", step, body });
    const objections = (await made(sandbox)).map(({ reason, detail }) =>
      reason === null ? null : `${reason}: ${detail}`,
    );
    expect(objections).toEqual([push, chat].map((detail) => (detail === null ? null : `unreachable: ${detail}`)));
  });
});

describe("while Novu does not say what became of a message", () => {
  it("the report waits until it does", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    sandbox.novu.injectFault(({ path }) => (path === "/v1/messages" ? { status: 503 } : null));
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 20 });
    expect(told(sandbox)).toEqual([]);
    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox)).toEqual(["sent call confirmed"]);
  });

  it.each([503, 401, 404])("the report leaves after an hour, and says that it is not known: %i", async (status) => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    sandbox.novu.injectFault(({ path }) => (path === "/v1/messages" ? { status } : null));
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 59 });
    expect(told(sandbox)).toEqual([]);
    await sandbox.travel({ minutes: 12 });
    expect(told(sandbox)).toEqual(["sent call no answer"]);
    expect(await sandbox.app.store.jobs.count()).toMatchObject({ dead: 0 });
    expect(await made(sandbox)).toMatchObject([{ outcome: "sent", receipt: "no answer" }]);
  });

  it("it is asked again after 10 minutes, and once more after an hour", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    const asked: number[] = [];
    const running = { _id: "another", type: "email", status: "running", step: { name: "call" }, executionDetails: [] };
    sandbox.novu.injectFault(({ path }) => {
      if (path === "/v1/messages") return { status: 200, body: { data: [], hasMore: false } };
      if (path !== "/v1/notifications") return null;
      asked.push((sandbox.clock.now() - startedAt) / MINUTE_MS);
      return { status: 200, body: { data: [{ jobs: [running] }] } };
    });
    const startedAt = sandbox.clock.now();
    happen(sandbox, "called");
    await sandbox.travel({ hours: 3 });
    expect(asked).toEqual([0.5, 10, 60]);
    expect(told(sandbox)).toEqual(["sent call no answer"]);
  });

  it("a message that Novu does not have after an hour was lost there", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    sandbox.novu.injectFault(({ path }) =>
      /^\/v1\/(messages|notifications)$/.test(path) ? { status: 200, body: { data: [], hasMore: false } } : null,
    );
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 59 });
    expect(told(sandbox)).toEqual([]);
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox)).toEqual(["failed call lost at Novu"]);
  });

  it("a person who is deleted is not reported any more, and leaves no job", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()] });
    sandbox.novu.injectFault(({ path }) =>
      /^\/v1\/(messages|notifications)$/.test(path) ? { status: 200, body: { data: [], hasMore: false } } : null,
    );
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    await sandbox.app.store.people.delete("ada");
    await sandbox.travel({ hours: 2 });
    expect([told(sandbox), await sandbox.app.store.jobs.count()]).toEqual([[], { waiting: 0, dead: 0 }]);
  });
});

describe("the questions of one moment", () => {
  it("share a few calls, over as many pages as there are, and ask for the run only where a message is missing", async () => {
    const twice = plain({
      async workflow({ step }) {
        await step.email("call", mail, { atAnyHour: true });
        await step.inApp("note", () => ({ body: "b" }));
        await step.inApp("another", () => ({ body: "b" }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [twice] });
    const people = Array.from({ length: 50 }, (_, index) => `p${index}`);
    for (const person of people) await known(sandbox, person);
    await prefer(sandbox, { channels: { email: false } }, "p7");
    const asked: string[] = [];
    sandbox.novu.injectFault(({ method, path }) => {
      if (method === "GET") asked.push(path);
      return null;
    });
    for (const distinctId of people) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ minutes: 1 });

    const [messages, runs] = ["/v1/messages", "/v1/notifications"].map(
      (path) => asked.filter((one) => one === path).length,
    );
    // 150 questions about 50 runs, in three jobs of a queue at once at worst.
    expect([messages! >= 4 && messages! <= 16, runs]).toEqual([true, 1]);
    expect(told(sandbox).filter((report) => report.startsWith("sent"))).toHaveLength(149);
    expect(told(sandbox).filter((report) => !report.startsWith("sent"))).toEqual(["skipped call opted out at Novu"]);
  });
});

describe("Novu's list of messages", () => {
  const two = plain({
    async workflow({ step }) {
      await step.email("call", mail, { atAnyHour: true });
      await step.email("again", mail, { atAnyHour: true });
    },
  });

  it.each<[what: string, changed: (message: object) => object | null]>([
    ["names no step, as an older one", ({ stepId: _, ...rest }: { stepId?: string }) => rest],
    ["has messages that cannot be read, and others of another run", (message) => message],
    ["says of none what became of it", (message) => ({ ...message, status: "queued" })],
    ["has none", () => null],
  ])("%s: each step has its own word", async (_what, changed) => {
    await using sandbox = await testSandbox({ workflows: [two] });
    sandbox.novu.refuseMessages(({ stepId }) => (stepId === "again" ? "550 no such user" : null));
    sandbox.novu.injectFault(({ path }) => {
      if (path !== "/v1/messages") return null;
      const listed = sandbox.novu.state.messages.flatMap(({ errorText, ...message }) => {
        const one = changed({ ...message, status: errorText === undefined ? "sent" : "error", errorText });
        return one === null ? [] : [one, one];
      });
      const others = [{ transactionId: null }, "?", { transactionId: "other", channel: "email", status: "sent" }];
      return { status: 200, body: { data: [...others, ...listed], hasMore: null } };
    });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox).sort()).toEqual(["failed again provider failed", "sent call confirmed"]);
  });
});

describe("Novu's webhook", () => {
  const team = { plan: "team", novuWebhooks: true } as const;

  it("corrects what counts as sent, before Novu is asked", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()], ...team });
    sandbox.novu.refuseMessages(() => "451 try later");
    happen(sandbox, "called");
    await sandbox.settled();
    expect(await made(sandbox)).toMatchObject([
      { outcome: "failed", reason: "provider failed", detail: "451 try later" },
    ]);
    await sandbox.travel({ hours: 2 });
    expect(told(sandbox)).toEqual(["failed call provider failed"]);
  });

  it("corrects it when it comes while Novu's answer to our question is noted", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()], ...team });
    happen(sandbox, "called");
    await sandbox.settled();
    const [message] = sandbox.novu.state.messages;
    const { store } = sandbox.app;
    const { listOfRuns } = store.decisions;
    // The webhook has read the decision, and before it notes anything the receipt is there.
    store.decisions.listOfRuns = async (ids) => {
      const read = await listOfRuns(ids);
      store.decisions.listOfRuns = listOfRuns;
      const [decision] = read;
      await store.decisions.record({ ...decision!, receipt: "confirmed" }, { insteadOf: decision! });
      return read;
    };
    sandbox.novu.report(message!.id, "failed", "550 no such user");
    await sandbox.settled();
    expect(await made(sandbox)).toMatchObject([{ outcome: "failed", detail: "550 no such user" }]);
    await sandbox.travel({ hours: 2 });
    expect(told(sandbox).at(-1)).toBe("failed call provider failed");
  });

  it("of one of two devices changes nothing, and is not reported", () => oneOfTwoDevices(team));

  it("corrects it later as well, and a bounce leaves it", async () => {
    await using sandbox = await testSandbox({ workflows: [plain()], ...team });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    const [message] = sandbox.novu.state.messages;
    sandbox.novu.report(message!.id, "failed", "550 bounced");
    await sandbox.settled();
    expect(await made(sandbox)).toMatchObject([{ outcome: "sent", receipt: "confirmed" }]);
    sandbox.novu.report(message!.id, "failed", "the account is closed");
    await sandbox.settled();
    expect(await made(sandbox)).toMatchObject([{ outcome: "failed", detail: "the account is closed" }]);
    expect(told(sandbox)).toEqual(["sent call confirmed", "failed call provider failed"]);
  });
});

describe("500 runs at once on the Free plan", () => {
  it("are read within Novu's rate, and no person who turned a channel on loses a message for lack of time", {
    tags: "long",
  }, async () => {
    const off = plain({
      preferences: { channels: { email: { enabled: false } } },
      async workflow({ step }) {
        await step.email("call", mail, { atAnyHour: true });
        await step.inApp("note", () => ({ body: "b" }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [off], marketing: upTo(100) });
    const people = Array.from({ length: 500 }, (_, index) => `p${index}`);
    for (const person of people)
      sandbox.novu.state.preferences[person] = { campaign: { email: Number(person.slice(1)) % 2 === 0 } };
    await using front = await putFront(sandbox);
    for (const distinctId of people) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ minutes: 20 });
    expect(front.answers.filter(({ status }) => status === 429)).toEqual([]);
    expect(sentReports(sandbox)).toEqual(sandbox.novu.state.messages.map(nameOf).sort());
    expect(sentReports(sandbox)).toHaveLength(750);
  });
});

describe("a fortnight on the Free plan", () => {
  it("reports to PostHog as sent exactly the messages that Novu handed to providers", async () => {
    const journey = plain({
      entry: "one at a time",
      async workflow({ step }) {
        await step.email("welcome", mail, { atAnyHour: true });
        await step.inApp("note", () => ({ body: "b" }));
        await step.wait("three-days", { days: 3 });
        await step.email("offer", mail);
        await step.wait("a-day", { days: 1 });
        await step.email("last", mail);
        await step.inApp("bye", () => ({ body: "b" }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [journey], marketing: upTo(100) });
    await using _proxy = await losingBridge(
      sandbox,
      ({ step, subscriberId }) =>
        (subscriberId === "p3" && step === "three-days-2") || (subscriberId === "p4" && step === "offer"),
    );
    const people = Array.from({ length: 60 }, (_, index) => `p${index}`);
    for (const person of people) await known(sandbox, person);
    await prefer(sandbox, { workflowId: "campaign", channels: { email: false } }, "p1");
    await prefer(sandbox, { schedule: NOBODY_WORKS }, "p2");
    sandbox.novu.refuseMessages(refusing({ share: 0.1, seed: "a fortnight" }));
    for (const distinctId of people) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ days: 14 });

    const { messages } = sandbox.novu.state;
    const refused = messages.filter(({ errorText }) => errorText !== undefined);
    expect(refused.length).toBeGreaterThan(messages.length / 20);
    const handed = messages.filter(({ errorText }) => errorText === undefined);
    expect(sentReports(sandbox)).toEqual(handed.map(nameOf).sort());
    const stored = await made(sandbox, 10_000);
    expect(stored.filter(({ outcome }) => outcome === "sent").every(({ receipt }) => receipt === "confirmed")).toBe(
      true,
    );
    expect(count(stored, ({ reason }) => reason)).toEqual({
      null: handed.length,
      "provider failed": refused.length,
      // Three emails each.
      "opted out at Novu": 3,
      "outside the schedule": 3,
      // With the wait the three messages behind it, and the offer alone.
      "lost at Novu": 4,
    });
    expect(await metric(sandbox.app.url, "bridge_runs_lost_total")).toEqual({ 'workflow="campaign"': 1 });
    expect((await sandbox.app.store.runs.list({ limit: 100, status: "in progress" })).length).toBe(0);
  });
});

/** Ada has two devices: one of them refuses the first message, both refuse the second. */
async function oneOfTwoDevices(options: TestSandboxOptions = {}): Promise<void> {
  const push = plain({
    async workflow({ step }) {
      await step.push("call", () => ({ subject: "a", body: "b" }), { atAnyHour: true });
    },
  });
  await using sandbox = await testSandbox({ workflows: [push], ...options });
  await known(sandbox);
  for (const providerId of ["fcm", "expo"])
    await novuApi(sandbox, "PUT", "/v1/subscribers/ada/credentials", {
      providerId,
      credentials: { deviceTokens: ["one"] },
    });
  sandbox.novu.refuseMessages(({ providerId }) => (providerId === "expo" ? "gone" : null));
  happen(sandbox, "called", { push_enabled: true });
  await sandbox.travel({ hours: 2 });
  expect(told(sandbox)).toEqual(["sent call confirmed"]);
  sandbox.novu.refuseMessages(() => "gone");
  happen(sandbox, "called", { push_enabled: true });
  await sandbox.travel({ hours: 2 });
  expect(told(sandbox)).toEqual(["sent call confirmed", "failed call provider failed"]);
}

/** The person is a subscriber at Novu. */
async function known(sandbox: Sandbox, subscriberId = "ada"): Promise<void> {
  await novuApi(sandbox, "POST", "/v2/subscribers", { subscriberId, email: `${subscriberId}@example.com` });
}

function prefer(sandbox: Sandbox, preferences: object, subscriberId = "ada"): Promise<void> {
  return novuApi(sandbox, "PATCH", `/v2/subscribers/${subscriberId}/preferences`, preferences);
}

async function novuApi(sandbox: Sandbox, method: string, path: string, body: object): Promise<void> {
  for (;;) {
    const response = await fetch(`${sandbox.novu.url}${path}`, {
      method,
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return;
    if (response.status !== 429) throw new Error(`${method} ${path}: ${response.status}`);
  }
}

function made(sandbox: Sandbox, limit = 100): Promise<Decision[]> {
  return sandbox.app.store.decisions.list({ limit });
}

/** "sent call confirmed", "skipped call opted out at Novu" … */
function told(sandbox: Sandbox): string[] {
  return storedEvents(sandbox.posthog)
    .filter(({ event }) => /^notification (sent|skipped|failed)$/.test(event))
    .map(({ event, properties }) =>
      [event.slice("notification ".length), properties.step, properties.receipt ?? properties.reason].join(" "),
    );
}

function sentReports(sandbox: Sandbox): string[] {
  return storedEvents(sandbox.posthog)
    .filter(({ event }) => event === "notification sent")
    .map(({ properties }) => `${properties.transaction_id} ${properties.step}`)
    .sort();
}

function nameOf({ transactionId, stepId }: Message): string {
  return `${transactionId} ${stepId}`;
}

/** Of the same messages always the same. */
function refusing({ share, seed }: { share: number; seed: string }) {
  return ({ subscriberId, stepId }: Message) => {
    const dice = createHash("sha256").update(`${seed}:${subscriberId}:${stepId}`).digest().readUInt32BE() / 2 ** 32;
    return dice < share ? "451 4.7.1 try later" : null;
  };
}

function count<Item>(items: Item[], keyOf: (item: Item) => unknown): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[String(keyOf(item))] = (counts[String(keyOf(item))] ?? 0) + 1;
  return counts;
}
