import { randomUUID } from "node:crypto";
import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import { addressHash } from "../../../src/contracts/opt-out.ts";
import type { Report } from "../../../src/contracts/report.ts";
import { answeredFirst, notFound } from "../../../src/http/listener.ts";
import { createLog } from "../../../src/lib/log.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createWebhookVerifier, keyOf, sign } from "../../../src/lib/verify-webhook.ts";
import { createBodyBudget } from "../../../src/lib/webhook-endpoint.ts";
import { novuWebhook, type Undeliverable } from "../../../src/novu/webhook.ts";
import type { PreferenceChange } from "../../../src/novu/webhook-event.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import { decision, LATER, OCCURRED_AT } from "../../support/facts.ts";

const SECRET = LOCAL_KEYS.novuSigningSecret;
const HASH = addressHash("ada@example.com");
const EARLIER = "2026-03-02T08:00:00.000Z";
const RUN = [
  decision({ step: "first", decidedAt: EARLIER, variants: { offer: "b" } }),
  decision({ step: "note", channel: "in_app", decidedAt: OCCURRED_AT }),
  decision({ step: "left-out", outcome: "skipped", reason: "over the cap", decidedAt: OCCURRED_AT }),
  decision({ step: "second", template: "Second", decidedAt: LATER, address: { via: "event", hash: HASH } }),
];

let server: Listening;
let extra: Decision | null;
let reported: Report[];
let notSent: Array<{ step: string; why: string | undefined }>;
let undeliverable: Undeliverable[];
let preferences: PreferenceChange[];
let outcomes: string[];
let isStopping: boolean;
let storeFails: boolean;

beforeAll(async () => {
  const webhook = novuWebhook({
    verify: createWebhookVerifier({ secrets: [SECRET], now: Date.now }),
    budget: createBodyBudget(Number.POSITIVE_INFINITY),
    decisionsOf: async ([transactionId]) => (transactionId === "u:w" ? [...RUN, ...(extra ? [extra] : [])] : []),
    async report(report) {
      if (storeFails) throw new Error("disk full");
      if (reported.some(({ step, status }) => step === report.step && status === report.status)) return false;
      return reported.push(report) > 0;
    },
    async onNotSent({ step }, why) {
      if (notSent.some((one) => one.step === step)) return false;
      return notSent.push({ step, why }) > 0;
    },
    onUndeliverable: async (news) => void undeliverable.push(news),
    onPreferences: async (change) => void preferences.push(change),
    count: () => {},
    countEvent: (outcome) => outcomes.push(outcome),
    isStopping: () => isStopping,
    now: () => Date.parse(LATER),
    log: createLog({ level: "silent" }),
  });
  server = await serve(answeredFirst({ "POST /webhooks/novu": webhook }, express().use(notFound)), { port: 0 });
});
afterAll(() => server.close());
beforeEach(() => {
  [reported, notSent, undeliverable, preferences, outcomes] = [[], [], [], [], []];
  isStopping = storeFails = false;
  extra = null;
});

async function tell(
  type: string,
  { error, ...object }: Record<string, unknown> = {},
  how: Parameters<typeof post>[1] = {},
) {
  const message = { transactionId: "u:w", channel: "email", createdAt: LATER, ...object };
  const data = { object: message, ...(error !== undefined && { error: { message: error } }) };
  const response = await post({ id: "evt_1", type, object: "message", data, timestamp: LATER }, how);
  return [response.status, await response.json()];
}

function post(body: unknown, { secret = SECRET as string, spelling = "webhook" } = {}): Promise<Response> {
  const raw = typeof body === "string" ? body : JSON.stringify(body);
  const signed = Object.entries(sign({ id: randomUUID(), body: raw, key: keyOf(secret), nowMs: Date.now() }));
  const headers = Object.fromEntries(signed.map(([name, value]) => [name.replace("webhook", spelling), value]));
  return fetch(`${server.url}/webhooks/novu`, { method: "POST", headers, body: raw });
}

describe("Novu's event about a message", () => {
  it("is reported as the person's, with what we know of the message", async () => {
    expect(await tell("message.delivered")).toEqual([202, { accepted: "delivered" }]);
    expect(reported).toEqual([
      {
        status: "delivered",
        distinctId: "ada",
        workflow: "w",
        transactionId: "u:w",
        step: "second",
        channel: "email",
        template: "Second",
        variants: {},
        properties: {},
        at: LATER,
      },
    ]);
  });

  it.each([
    ["first", { createdAt: "2026-03-02T08:00:00.400Z" }],
    ["first", { createdAt: "2026-03-02T07:59:58.000Z" }],
    ["second", { createdAt: "2026-03-02T10:00:01.000Z" }],
    ["second", { createdAt: undefined }],
    ["note", { channel: "in_app", createdAt: LATER }],
    ["first", { stepId: "first", createdAt: LATER }],
  ])("is of the step that was sent on that channel when the message was made: %s, %o", async (step, object) => {
    await tell("message.seen", object);
    expect(reported).toMatchObject([{ step, status: "seen" }]);
  });

  it("is answered and not reported again when it comes again", async () => {
    await tell("message.read");
    expect(await tell("messages.read")).toEqual([202, { duplicate: "read" }]);
    expect([reported.length, outcomes]).toEqual([1, ["read", "repeated"]]);
  });

  it.each([
    ["another run", { transactionId: "v:w" }],
    ["a step that was not sent", { stepId: "none" }],
    ["a channel that the run does not have", { channel: "push" }],
  ])("is answered 202 with the reason when it is of %s", async (_name, object) => {
    expect(await tell("message.seen", object)).toEqual([202, { ignored: "it is about no message of ours" }]);
    expect([reported, outcomes]).toEqual([[], ["not ours"]]);
  });

  it.each([
    ["{", "not JSON"],
    ["[]", "not an event"],
    [{ type: "workflow.updated", data: {} }, "of no interest"],
    [{ type: "message.seen", data: { object: { transactionId: "u\0", channel: "email" } } }, "not an event"],
    [{ type: "message.seen", data: { object: { transactionId: "u".repeat(201), channel: "email" } } }, "not an event"],
    [
      { type: "preference.updated", data: { subscriberId: "a\0", object: { channels: { email: false } } } },
      "not an event",
    ],
    [
      { type: "preference.updated", data: { subscriberId: "\ud800", object: { channels: { email: false } } } },
      "not an event",
    ],
  ])("is answered 202 with the reason when it is %o", async (body, outcome) => {
    const response = await post(body);
    expect([response.status, outcomes]).toEqual([202, [outcome]]);
    expect(await response.json()).toHaveProperty("ignored");
  });
});

describe("an address that is no good", () => {
  const ada = { distinctId: "ada", at: LATER, addressHash: HASH };
  it.each([
    ["a hard bounce", { error: "Bounced: no such user" }, [{ ...ada, cause: "bounced" }], { bounce: "hard" }],
    ["a complaint", { error: "spam report" }, [{ ...ada, cause: "complained" }], {}],
    ["a soft bounce", { error: "Soft bounce: mailbox full" }, [], { bounce: "soft" }],
  ])("is shown by %s, and by nothing less", async (_name, object, expected, properties) => {
    expect((await tell("message.failed", object))[0]).toBe(202);
    expect([undeliverable, reported.map((one) => one.properties)]).toEqual([expected, [properties]]);
  });

  it("is not one of a message that failed, nor of a phone or a device", async () => {
    await tell("message.failed", { error: "the provider is down" });
    expect([undeliverable, reported]).toEqual([[], []]);
    await tell("message.failed", { channel: "in_app", error: "bounced" });
    expect([undeliverable, reported.length]).toEqual([[], 1]);
  });
});

describe("a message that its provider did not take", () => {
  it("did not go out, and the decision says so, once", async () => {
    const failed = () => tell("message.failed", { stepId: "second", error: "451 try later" });
    expect([await failed(), await failed()]).toEqual([
      [202, { accepted: "failed" }],
      [202, { duplicate: "failed" }],
    ]);
    expect([notSent, reported]).toEqual([[{ step: "second", why: "451 try later" }], []]);
  });

  it.each<[string, Partial<Decision>, boolean | "ignored"]>([
    ["an email, whatever Novu said before", { receipt: "confirmed" }, true],
    ["a bounce tells of an email that went out", { detail: "bounced" }, false],
    ["a push message that another device may have", { channel: "push" }, "ignored"],
    ["a chat message that another one may have", { channel: "chat", receipt: "confirmed" }, "ignored"],
    ["a push message of which Novu never told", { channel: "push", receipt: "no answer" }, true],
    ["a message that was left out", { outcome: "skipped", reason: "exited" }, false],
    ["a message that is known to have failed", { outcome: "failed", receipt: "corrected" }, false],
  ])("%s: %o", async (_name, changes, isCorrected) => {
    extra = decision({ step: "extra", ...changes });
    const { channel } = extra;
    await tell("message.failed", { stepId: "extra", channel, error: changes.detail ?? "451" });
    expect([notSent.length, reported.length]).toEqual(
      isCorrected === "ignored" ? [0, 0] : isCorrected ? [1, 0] : [0, 1],
    );
  });

  it("is not taken for another one of its run when Novu does not name the step", async () => {
    extra = decision({ step: "extra", outcome: "failed", receipt: "corrected", decidedAt: "2026-03-02T10:30:00.000Z" });
    await tell("message.failed", { createdAt: "2026-03-02T10:30:01.000Z", error: "451" });
    expect([notSent, reported]).toMatchObject([[], [{ step: "extra" }]]);
  });
});

describe("a preference", () => {
  it("is passed on", async () => {
    const object = { level: "template", channels: { email: false }, workflow: { identifier: "w" } };
    const response = await post({ type: "preference.updated", data: { object, subscriberId: "ada" } });
    expect([response.status, preferences]).toEqual([
      202,
      [{ distinctId: "ada", workflow: "w", channels: { email: false }, at: LATER }],
    ]);
  });
});

describe("a preference that does not say when it was changed, or says that it will be", () => {
  const change = (isOn: boolean, timestamp?: string) =>
    post({
      type: "preference.updated",
      data: { subscriberId: "ada", object: { channels: { email: isOn } } },
      timestamp,
    });

  it("turns off from now on", async () => {
    expect((await change(false)).status).toBe(202);
    expect(preferences).toMatchObject([{ channels: { email: false }, at: LATER }]);
  });

  it("turns nothing on again", async () => {
    const answer = await change(true);
    expect([answer.status, await answer.json()]).toEqual([
      202,
      { ignored: "it turns channels on again, and has no time" },
    ]);
    expect([preferences, outcomes]).toEqual([[], ["undated"]]);
  });

  it("is not of the future", async () => {
    await change(true, "2999-01-01T00:00:00.000Z");
    expect(preferences).toMatchObject([{ at: LATER }]);
  });
});

describe("the endpoint", () => {
  it("takes Svix's spelling of the signature, and no other key", async () => {
    expect((await tell("message.seen", {}, { spelling: "svix" }))[0]).toBe(202);
    expect((await tell("message.read", {}, { spelling: "other" }))[0]).toBe(401);
    const secret = LOCAL_KEYS.signingSecret;
    for (const spelling of ["svix", "webhook"])
      expect(await tell("message.read", {}, { secret, spelling })).toMatchObject([401, {}]);
    expect(reported).toHaveLength(1);
  });

  it.each(["store trouble", "stopping"])("asks to be tried again: %s", async (trouble) => {
    if (trouble === "stopping") isStopping = true;
    else storeFails = true;
    const response = await post({ type: "message.seen", data: { object: { transactionId: "u:w", channel: "email" } } });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.text()).not.toContain("disk full");
  });

  it("takes no more than 2 MB", async () => {
    expect((await post({ type: "x".repeat(2_100_000) })).status).toBe(413);
  });
});
