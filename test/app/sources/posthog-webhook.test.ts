import { createHmac, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { answeredFirst, notFound } from "../../../src/http/listener.ts";
import { createLog } from "../../../src/lib/log.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createWebhookVerifier } from "../../../src/lib/verify-webhook.ts";
import { createBodyBudget } from "../../../src/lib/webhook-endpoint.ts";
import { parsePostHogEvent } from "../../../src/sources/posthog/event.ts";
import { sourceWebhook } from "../../../src/sources/webhooks.ts";
import { ingestTo } from "../../support/ingest.ts";
import { delivery, post } from "../../support/webhook.ts";

const SECRETS = [
  "whsec_bmV3ZXN0IHNlY3JldCwgMzIgYnl0ZXMgb2YgaXQhIQ==",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "a static secret of ours",
];
const [NEWEST = "", OLDER = "", FIXED = ""] = SECRETS;

interface Fixture {
  description: string;
  request: { headers: Record<string, string>; raw_body: string };
}
const fixtures = readdirSync(new URL("../../fixtures/posthog/", import.meta.url)).map((name) => {
  const fixture = JSON.parse(
    readFileSync(new URL(`../../fixtures/posthog/${name}`, import.meta.url), "utf8"),
  ) as Fixture;
  return { name, ...fixture };
});

let server: Listening;
let nowMs = Date.now();
let isStopping = false;
let storeFails = false;
let accepted: LifecycleEvent[] = [];
let ignored: Array<{ reason: string; body: string }> = [];

beforeAll(async () => {
  const log = createLog({ level: "silent" });
  const webhook = sourceWebhook({
    source: "posthog",
    verify: createWebhookVerifier({ secrets: SECRETS, now: () => nowMs }),
    budget: createBodyBudget(Number.POSITIVE_INFINITY),
    parse: (json) => parsePostHogEvent(json, nowMs),
    ingest: ingestTo({
      async insert(event) {
        if (storeFails) throw new Error("disk full");
        accepted.push(event);
        return "accepted";
      },
      async saveIgnored(one) {
        if (storeFails) throw new Error("disk full");
        ignored.push(one);
      },
    }),
    count: () => {},
    isStopping: () => isStopping,
    log,
  });
  server = await serve(answeredFirst({ "POST /webhooks/posthog": webhook }, express().use(notFound)), { port: 0 });
});
afterAll(() => server.close());
beforeEach(() => {
  nowMs = Date.now();
  isStopping = false;
  storeFails = false;
  accepted = [];
  ignored = [];
});

describe("proof", () => {
  it("takes the scheme's own test vector", async () => {
    nowMs = 1614265330 * 1000;
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    expect((await post(server.url, '{"test": 2432232314}', { signed: false, headers })).status).toBe(202);
  });

  it.each(fixtures.filter(({ request }) => "webhook-signature" in request.headers))(
    "takes PostHog's own signature: $name",
    async ({ request }) => {
      nowMs = 1795197601 * 1000;
      expect((await post(server.url, request.raw_body, { signed: false, headers: request.headers })).status).toBe(202);
      expect(accepted).toHaveLength(1);
    },
  );

  it.each([
    ["the newest secret", { secret: NEWEST }],
    ["an older secret, while it is being rotated", { secret: OLDER }],
    ["the static secret header", { signed: false, headers: { "x-webhook-secret": FIXED } }],
    ["a clock four minutes off", { secret: NEWEST, nowMs: Date.now() - 4 * 60_000 }],
    [
      "any one of several signatures",
      { secret: NEWEST, signed: false, headers: severalSignatures(delivery({ uuid: "1" })) },
    ],
  ])("takes %s", async (_name, how) => {
    const body = delivery({ uuid: "1" });
    expect((await post(server.url, body, how)).status).toBe(202);
    expect(accepted).toHaveLength(1);
  });

  it.each([
    ["nothing at all", { signed: false }, "neither a webhook-signature"],
    ["another secret", { secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` }, "matches no configured secret"],
    ["a signature that is six minutes old", { secret: NEWEST, nowMs: Date.now() - 6 * 60_000 }, "more than 5 minutes"],
    ["a signature from the future", { secret: NEWEST, nowMs: Date.now() + 6 * 60_000 }, "more than 5 minutes"],
    [
      "a signature of another body",
      { signed: false, headers: severalSignatures(delivery({ uuid: "another" })) },
      "matches no configured secret",
    ],
    [
      "another static secret",
      { signed: false, headers: { "x-webhook-secret": `${FIXED}x` } },
      "x-webhook-secret matches no",
    ],
    ["an empty static secret", { signed: false, headers: { "x-webhook-secret": "" } }, "x-webhook-secret matches no"],
    [
      "a signing secret in the static header",
      { signed: false, headers: { "x-webhook-secret": NEWEST } },
      "x-webhook-secret matches no",
    ],
    [
      "a bad signature beside the right static secret",
      { secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`, headers: { "x-webhook-secret": FIXED } },
      "matches no configured secret",
    ],
    [
      "no webhook-id",
      { signed: false, headers: { "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" } },
      "missing or malformed",
    ],
    [
      "a timestamp that is no number",
      { signed: false, headers: { "webhook-id": "1", "webhook-timestamp": "NaN", "webhook-signature": "v1,AAAA" } },
      "missing or malformed",
    ],
  ])("refuses %s, and keeps nothing", async (_name, how, why) => {
    const response = await post(server.url, delivery({ uuid: "1" }), how);
    expect(response.status).toBe(401);
    expect(((await response.json()) as { error: string }).error).toContain(why);
    expect([accepted, ignored]).toEqual([[], []]);
  });

  it("refuses everything when there is no secret", () => {
    const verify = createWebhookVerifier({ secrets: [], now: Date.now });
    expect(verify({ "x-webhook-secret": "" })).toMatchObject({ valid: false });
    expect(verify({ "webhook-signature": "v1," })).toMatchObject({ valid: false });
  });
});

describe("answers", () => {
  it.each(fixtures)("takes PostHog's body: $name", async ({ request }) => {
    const response = await post(server.url, request.raw_body, { secret: NEWEST });
    const { event, person } = JSON.parse(request.raw_body) as {
      event: Record<string, string>;
      person: { properties: object } | null;
    };
    expect([response.status, await response.json()]).toEqual([202, { accepted: event.uuid }]);
    expect(accepted[0]).toMatchObject({
      uuid: event.uuid,
      name: event.event,
      distinctId: event.distinct_id,
      occurredAt: event.timestamp,
    });
    if (person !== null) expect(accepted[0]?.personProperties).toMatchObject(person.properties);
  });

  it.each([
    ["no JSON", "{", "the body is not JSON"],
    ["an empty body", "", "the body is not JSON"],
    ["an array", "[]", "the body missing"],
    ["no event", "{}", "event missing"],
    ["no uuid", { ...delivery(), event: { ...delivery().event, uuid: undefined } }, "event.uuid missing"],
    ["no name", { ...delivery(), event: { ...delivery().event, event: "" } }, "event.event missing"],
    [
      "no distinct id",
      { ...delivery(), event: { ...delivery().event, distinct_id: undefined } },
      "event.distinct_id missing",
    ],
    [
      "an id that is too long",
      { ...delivery(), event: { ...delivery().event, uuid: "u".repeat(201) } },
      "event.uuid longer than 200 characters",
    ],
    [
      "a distinct id that is too long",
      { ...delivery(), event: { ...delivery().event, distinct_id: "ä".repeat(201) } },
      "event.distinct_id longer than 200 characters",
    ],
    [
      "properties that are none",
      { ...delivery(), event: { ...delivery().event, properties: 5 } },
      "event.properties missing or not of the expected type",
    ],
  ])("keeps %s with the reason, and asks for no retry", async (_name, body, reason) => {
    const response = await post(server.url, body, { secret: NEWEST });
    expect(response.status).toBe(202);
    expect(((await response.json()) as { ignored: string }).ignored).toContain(reason);
    expect(ignored).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it.each([
    ["extra keys", { ...delivery(), groups: {}, project: { id: 1 } }],
    ["a distinct id that is a number", { ...delivery(), event: { ...delivery().event, distinct_id: 42 } }],
    ["no person", { ...delivery(), person: null }],
    ["the stub of a person", { ...delivery(), person: { id: "", name: "", url: "", properties: {} } }],
    ["a time that is none", delivery({ timestamp: "yesterday" })],
    ["a time in the year 99999", delivery({ timestamp: "99999" })],
  ])("takes %s", async (_name, body) => {
    expect(await (await post(server.url, body, { secret: NEWEST })).json()).toHaveProperty("accepted");
  });

  it("lays the event's own $set over the person, $set_once beneath, and takes out $unset", async () => {
    const properties = {
      $set: { plan: "pro" },
      $set_once: { plan: "never", first: "yes", email: "never" },
      $unset: ["old"],
    };
    await post(server.url, delivery({ properties, person: { plan: "free", email: "a@example.com", old: 1 } }), {
      secret: NEWEST,
    });
    expect(accepted[0]?.personProperties).toEqual({ plan: "pro", first: "yes", email: "a@example.com" });
  });

  it("takes 1.9 MB and refuses more than 2 MB", async () => {
    const sized = (bytes: number) => delivery({ properties: { text: "x".repeat(bytes) } });
    expect((await post(server.url, sized(1_900_000), { secret: NEWEST })).status).toBe(202);
    expect((await post(server.url, sized(2_100_000), { secret: NEWEST })).status).toBe(413);
  });

  it.each(["store trouble", "stopping"])("asks to be tried again: %s", async (trouble) => {
    if (trouble === "stopping") isStopping = true;
    else storeFails = true;
    for (const body of [delivery(), "{"]) {
      const response = await post(server.url, body, { secret: NEWEST });
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await response.text()).not.toContain("disk full");
    }
  });

  it("knows no other method", async () => {
    expect((await fetch(`${server.url}/webhooks/posthog`)).status).toBe(404);
  });
});

function severalSignatures(body: object): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const id = randomUUID();
  const digest = createHmac("sha256", Buffer.from(NEWEST.slice(6), "base64"))
    .update(`${id}.${timestamp}.${JSON.stringify(body)}`)
    .digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,AAAA v2,${digest} v1,${digest}` };
}
