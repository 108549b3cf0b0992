import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { answeredFirst } from "../../../src/http/listener.ts";
import { createLog } from "../../../src/lib/log.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createBodyBudget } from "../../../src/lib/webhook-endpoint.ts";
import type { IgnoredEvent } from "../../../src/sources/ingest.ts";
import { parseSegmentEvent } from "../../../src/sources/segment/event.ts";
import { createSegmentVerifier } from "../../../src/sources/segment/verify.ts";
import { sourceWebhook } from "../../../src/sources/webhooks.ts";
import { ingestTo } from "../../support/ingest.ts";
import { postSegment, segmentEvent, signatureOf } from "../../support/segment.ts";

const SECRETS = ["the newest secret of all", "an older secret than that"];
const [SECRET = "", OLDER = ""] = SECRETS;

const EVENT = segmentEvent();

let server: Listening;
let isStopping = false;
/** The event that cannot be stored. */
let unlucky: string | null = null;
let accepted: LifecycleEvent[] = [];
let ignored: IgnoredEvent[] = [];

beforeAll(async () => {
  const webhook = sourceWebhook({
    source: "segment",
    verify: createSegmentVerifier({ secrets: SECRETS }),
    budget: createBodyBudget(Number.POSITIVE_INFINITY),
    parse: (json) =>
      parseSegmentEvent(json, {
        now: Date.parse("2026-03-02T10:00:00.000Z"),
        names: new Map([["User Registered", "user_signed_up"]]),
      }),
    ingest: ingestTo({
      async insert(event) {
        if (event.uuid === unlucky) throw new Error("disk full");
        const isKnown = accepted.some(({ uuid }) => uuid === event.uuid);
        accepted.push(event);
        return isKnown ? "duplicate" : "accepted";
      },
      saveIgnored: async (one) => void ignored.push(one),
    }),
    count: () => {},
    isStopping: () => isStopping,
    log: createLog({ level: "silent" }),
  });
  server = await serve(answeredFirst({ "POST /webhooks/segment": webhook }, express()), { port: 0 });
});
afterAll(() => server.close());
beforeEach(() => {
  isStopping = false;
  unlucky = null;
  accepted = [];
  ignored = [];
});

const post = (body: unknown, how: Parameters<typeof postSegment>[2] = { secret: SECRET }) =>
  postSegment(server.url, body, how);
const answer = async (response: Promise<Response>) => {
  const { status, ...rest } = await response.then(async (one) => ({ status: one.status, body: await one.json() }));
  return [status, rest.body];
};

describe("proof", () => {
  // Worked out with `openssl dgst -sha1 -hmac`.
  it("takes the signature of the body in hex", async () => {
    expect(signatureOf("{}", SECRET)).toBe("559e4efad9f38bf16147ef32882f72935dbb1c33");
    const body = JSON.stringify(segmentEvent());
    expect((await post(body, { headers: { "x-signature": signatureOf(body, SECRET).toUpperCase() } })).status).toBe(
      202,
    );
  });

  it.each([
    ["an older secret, while it is being rotated", { secret: OLDER }],
    ["a secret as a bearer token", { headers: { authorization: `Bearer ${SECRET}` } }],
    ["an older one", { headers: { authorization: `bearer ${OLDER}` } }],
    [
      "a signature beside what a proxy asks for",
      { headers: { authorization: "Basic cHJveHk6", "x-signature": signatureOf(JSON.stringify(EVENT), SECRET) } },
    ],
  ])("takes %s", async (_name, how) => {
    expect((await post(EVENT, how)).status).toBe(202);
    expect(accepted).toHaveLength(1);
  });

  it.each([
    ["nothing at all", { headers: {} }, "neither an x-signature nor a bearer token"],
    ["another secret", { secret: "nobody's secret" }, "x-signature does not match"],
    ["an empty signature", { headers: { "x-signature": "" } }, "x-signature is not an HMAC-SHA1"],
    ["a longer one", { headers: { "x-signature": "0".repeat(64) } }, "x-signature is not an HMAC-SHA1"],
    ["one of nobody", { headers: { "x-signature": "0".repeat(40) } }, "x-signature does not match"],
    ["another token", { headers: { authorization: `Bearer ${SECRET}x` } }, "the bearer token is none"],
    ["no token", { headers: { authorization: "Bearer " } }, "neither an x-signature nor a bearer token"],
    ["another scheme", { headers: { authorization: `Basic ${SECRET}` } }, "neither an x-signature nor a bearer token"],
    [
      "a wrong signature beside a wrong token",
      { headers: { authorization: "Bearer x", "x-signature": signatureOf("{}", "x") } },
      "x-signature does not match",
    ],
  ])("refuses %s, says why, and keeps nothing", async (_name, how, why) => {
    expect(await answer(post("{}", how))).toEqual([401, { error: expect.stringContaining(why) }]);
    expect([accepted, ignored]).toEqual([[], []]);
  });

  it("refuses a batch of which only the first event is signed, as Webhooks (Actions) does, and says what to do", async () => {
    const batch = [segmentEvent(), segmentEvent({ userId: "forged" })];
    const headers = { "x-signature": signatureOf(JSON.stringify(batch[0]), SECRET) };
    expect(await answer(post(batch, { headers }))).toEqual([
      401,
      { error: expect.stringContaining("set the batch size to 0, or use the Destination Function") },
    ]);
    expect(accepted).toEqual([]);
  });

  it("is closed without a secret", () => {
    const body = Buffer.from("{}");
    const nobody = createSegmentVerifier({ secrets: [] });
    for (const headers of [{ "x-signature": signatureOf("{}", "") }, { authorization: "Bearer " }, {}]) {
      const proof = nobody(headers);
      expect((typeof proof === "function" ? proof(body) : proof).valid).toBe(false);
    }
  });
});

describe("a batch", () => {
  const batchOf = (count: number) =>
    Array.from({ length: count }, (_, index) => segmentEvent({ messageId: `m${index}` }));

  it("of 500 is taken, and answered by what became of it", async () => {
    expect(await answer(post(batchOf(500)))).toEqual([202, { accepted: 500, duplicate: 0, ignored: 0 }]);
    expect(accepted).toHaveLength(500);
  });

  it("says what is a duplicate, and why something was ignored", async () => {
    const batch = [
      ...batchOf(2),
      segmentEvent({ messageId: "m0" }),
      { type: "track" },
      "odd",
      segmentEvent({ type: "delete" }),
    ];
    expect(await answer(post(batch))).toEqual([
      202,
      {
        accepted: 2,
        duplicate: 1,
        ignored: 3,
        reasons: [
          "not an event of Segment's: messageId missing or not of the expected type",
          "not an event of Segment's: the body missing or not of the expected type",
          "a delete call deletes nobody here; use npm run person -- delete",
        ],
      },
    ]);
    expect(ignored.map(({ body }) => body)).toEqual(['{"type":"track"}', '"odd"', expect.stringContaining('"delete"')]);
    expect(ignored.every(({ source }) => source === "segment")).toBe(true);
  });

  it("that is empty is nothing", async () => {
    expect(await answer(post([]))).toEqual([202, { accepted: 0, duplicate: 0, ignored: 0 }]);
  });

  it("of more is refused, and so is one that weighs too much", async () => {
    expect(await answer(post(batchOf(501)))).toEqual([413, { error: expect.stringContaining("501 events") }]);
    expect((await post("x".repeat(500 * 32 * 1024 + 1))).status).toBe(413);
    expect(accepted).toEqual([]);
  });

  it("is not held up by one that is nested too deep to be written down", async () => {
    const deep = `${"[".repeat(15_000)}${"]".repeat(15_000)}`;
    const poison = JSON.stringify(segmentEvent({ properties: { deep: 1 } })).replace('"deep":1', `"deep":${deep}`);
    const body = `[${JSON.stringify(segmentEvent())},${poison}]`;
    expect((await post(body)).status).toBe(202);
    expect(accepted).toHaveLength(2);
    const headers = { "x-signature": signatureOf(body, "a secret of somebody else") };
    expect((await post(`[${deep}]`, { headers })).status).toBe(401);
  });

  it("is asked for again when one of it cannot be stored, and then counts once", async () => {
    unlucky = "m1";
    const response = await post(batchOf(3));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    unlucky = null;
    expect(await answer(post(batchOf(3)))).toEqual([202, { accepted: 1, duplicate: 2, ignored: 0 }]);
  });
});

describe("an answer", () => {
  it("names the event, or the reason why it causes nothing", async () => {
    expect(await answer(post(segmentEvent({ messageId: "m" })))).toEqual([202, { accepted: "m" }]);
    expect(await answer(post(segmentEvent({ messageId: "m" })))).toEqual([202, { duplicate: "m" }]);
    expect(await answer(post("{"))).toEqual([202, { ignored: "the body is not JSON" }]);
    expect(ignored).toMatchObject([{ cause: "not JSON", source: "segment" }]);
  });

  it("is 503 while it stops", async () => {
    isStopping = true;
    expect((await post(segmentEvent())).status).toBe(503);
  });
});
