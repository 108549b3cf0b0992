import { createHmac } from "node:crypto";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalSegment, openLocalSegment } from "../../../src/sandbox/local-segment/local-segment.ts";
import type { SegmentMessage } from "../../../src/sandbox/local-segment/state.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

const KEYS = { segmentWriteKey: "write-key", segmentSpaceId: "spa_1", segmentProfileToken: "profile-token" };
const SECRET = "a shared secret";
const START = Date.parse("2026-03-02T09:00:00.000Z");
const AT = "2026-03-02T09:00:00.000Z";

let segment: LocalSegment;
let clock: VirtualClock;
let receiver: Listening;
let received: Array<{ at: number; headers: Record<string, unknown>; raw: string }>;
let answers: Array<number | "hang up">;

beforeEach(async () => {
  received = [];
  answers = [];
  clock = createVirtualClock({ startAt: START, flowing: false });
  segment = await openLocalSegment({ ...KEYS, clock, port: 0 });
  const app = express()
    .use(express.raw({ type: () => true }))
    .post("/", (request, response) => {
      received.push({ at: clock.now() - START, headers: request.headers, raw: String(request.body) });
      const answer = answers.shift() ?? 202;
      if (answer === "hang up") return void request.socket.destroy();
      response.status(answer).json({});
    });
  receiver = await serve(app, { port: 0 });
  connect({});
});
afterEach(async () => {
  clock.stop();
  await segment.idle();
  await Promise.all([segment.close(0), receiver.close(0)]);
});

describe("the Tracking API", () => {
  it("fills in what an identify leaves out, and sends it on", async () => {
    const context = { ip: "127.0.0.1" };
    const said = { userId: "97980cfea0067", traits: { name: "Peter Gibbons", email: "peter@example.com" }, context };
    expect(await tell("identify", said)).toEqual({ status: 200, body: { success: true } });
    await segment.idle();
    const [message] = sent() as [SegmentMessage];
    expect(message).toMatchObject({
      ...{ type: "identify", ...said, anonymousId: null, integrations: {}, version: 2, channel: "server" },
      ...{
        messageId: expect.stringMatching(/.{10}/),
        timestamp: AT,
        originalTimestamp: AT,
        sentAt: AT,
        receivedAt: AT,
      },
      context: { ip: "127.0.0.1", library: {} },
    });
    expect(segment.state.profiles).toMatchObject([{ userIds: ["97980cfea0067"], traits: said.traits }]);
  });

  it("keeps what a message says, and corrects the time by when it was sent", async () => {
    await tell("track", {
      userId: "ada",
      event: "User Registered",
      messageId: "m-1",
      timestamp: "2026-03-01T00:00:00Z",
    });
    const wrongClock = { timestamp: "2031-01-01T00:00:00.000Z", sentAt: "2031-01-01T00:01:00.000Z" };
    await tell("track", { userId: "ada", event: "Order Completed", ...wrongClock });
    await segment.idle();
    expect(sent()).toMatchObject([
      { messageId: "m-1", event: "User Registered", timestamp: "2026-03-01T00:00:00Z" },
      { event: "Order Completed", timestamp: "2026-03-02T08:59:00.000Z", originalTimestamp: wrongClock.timestamp },
    ]);
  });

  it("takes a batch, of which each message is one", async () => {
    const batch = [
      { type: "identify", userId: "ada", traits: { plan: "pro" } },
      { type: "track", userId: "ada", event: "A" },
      { type: "page", anonymousId: "anon-1", name: "Home" },
    ];
    expect((await tell("batch", { batch, context: { app: "x" } })).status).toBe(200);
    await segment.idle();
    expect(sent()).toMatchObject(batch.map((one) => ({ ...one, context: { app: "x" } })));
    expect(segment.state.deliveries.map(({ event, distinctId }) => [event, distinctId])).toEqual([
      ["identify", "ada"],
      ["A", "ada"],
      ["page", ""],
    ]);
  });

  it("says yes to what it then loses", async () => {
    expect((await tell("track", { userId: "ada", event: "A" }, "another-key")).status).toBe(200);
    expect((await tell("track", { event: "A" })).status).toBe(200);
    expect((await tell("delete", { userId: "ada" })).status).toBe(200);
    expect(segment.state.messages).toEqual([]);
  });

  it("refuses what is no JSON, and what is too large", async () => {
    const large = { userId: "ada", event: "A", properties: { text: "x".repeat(33_000) } };
    expect((await tell("track", "{")).status).toBe(400);
    expect((await tell("track", large)).status).toBe(400);
    expect((await tell("batch", { batch: [{ type: "track", ...large }] })).status).toBe(400);
    const many = Array.from({ length: 17 }, () => ({ type: "track", userId: "a", event: "x".repeat(31_000) }));
    expect((await tell("batch", { batch: many })).status).toBe(400);
    expect((await tell("batch", { batch: many.slice(1) })).status).toBe(200);
    expect(segment.state.messages).toHaveLength(16);
  });
});

describe("a delivery", () => {
  const hmac = (text: string) => createHmac("sha1", SECRET).update(text).digest("hex");

  it("of the Webhooks destination is signed over its raw body", async () => {
    segment.send({ type: "track", userId: "ada", event: "ä" });
    await segment.idle();
    expect(received[0]?.headers["x-signature"]).toBe(hmac(received[0]!.raw));
    expect(received[0]?.headers).not.toHaveProperty("authorization");
  });

  it("of several by the Webhooks destination is signed over the first one only", async () => {
    connect({ batchSize: 2 });
    segment.sendBatch(["A", "B", "C"].map((event) => ({ type: "track", userId: "ada", event })));
    await segment.idle();
    const bodies = received.map(({ raw }) => JSON.parse(raw) as SegmentMessage[]);
    expect(bodies.map((body) => body.map(({ event }) => event)).sort()).toEqual([["A", "B"], ["C"]]);
    for (const { headers, raw } of received) {
      expect(headers["x-signature"]).toBe(hmac(JSON.stringify(JSON.parse(raw)[0])));
      expect(headers["x-signature"]).not.toBe(hmac(raw));
    }
    expect(segment.state.deliveries).toMatchObject([
      { event: "A and 1 more", eventUuid: bodies.flat().find(({ event }) => event === "A")?.messageId },
      { event: "C" },
    ]);
  });

  it("of the function brings the secret, and one message alone where there is one", async () => {
    connect({ way: "function", batchSize: 20 });
    segment.sendBatch([
      { type: "track", userId: "ada", event: "A" },
      { type: "identify", userId: "ada", traits: {} },
    ]);
    await segment.idle();
    segment.send({ type: "track", userId: "ada", event: "B" });
    await segment.idle();
    expect(received.map(({ raw }) => JSON.parse(raw))).toMatchObject([
      [{ event: "A" }, { type: "identify" }],
      { event: "B" },
    ]);
    for (const { headers } of received) {
      expect(headers.authorization).toBe(`Bearer ${SECRET}`);
      expect(headers).not.toHaveProperty("x-signature");
    }
  });

  it("is tried again until it is taken, with the same bytes", async () => {
    answers = [503, 429, "hang up", 500, 202];
    segment.send({ type: "track", userId: "ada", event: "A" });
    await travel({ hours: 4 });
    expect(received.map(({ at }) => at / 1_000)).toEqual([0, 30, 150, 630, 2_550]);
    expect(new Set(received.map(({ raw }) => raw)).size).toBe(1);
    expect(segment.state.deliveries[0]?.attempts.map(({ status }) => status)).toEqual([503, 429, null, 500, 202]);
  });

  it("is given up after six tries", async () => {
    answers = Array(10).fill(500);
    segment.send({ type: "track", userId: "ada", event: "A" });
    await travel({ hours: 24 });
    expect(received.map(({ at }) => at / 1_000)).toEqual([0, 30, 150, 630, 2_550, 10_230]);
  });

  it.each([400, 401, 404, 413])("is never tried again after %i", async (status) => {
    answers = [status];
    segment.send({ type: "track", userId: "ada", event: "A" });
    await travel({ hours: 24 });
    expect(received).toHaveLength(1);
  });

  it("can be made again, and of a body as it is", async () => {
    const messageId = segment.send({ type: "track", userId: "ada", event: "A" });
    segment.resend(messageId);
    const body = '{ "type": "identify", "messageId": "m-9", "userId": "grace", "traits": { "plan": "pro" } }';
    const id = segment.deliver(body);
    segment.deliver(body);
    segment.deliver("{");
    await segment.idle();
    expect(received.map(({ raw }) => raw).sort()).toEqual([received[0]!.raw, received[0]!.raw, body, body, "{"].sort());
    expect(new Set(segment.state.deliveries.map((one) => one.id)).size).toBe(5);
    expect(segment.state.deliveries.find((one) => one.id === id)).toMatchObject({
      event: "identify",
      eventUuid: "m-9",
    });
    expect(segment.state.messages.map((one) => one.messageId)).toEqual([messageId, "m-9"]);
    expect(segment.state.profiles.at(-1)).toMatchObject({ userIds: ["grace"], traits: { plan: "pro" } });
    expect(() => segment.resend("m-0")).toThrow("m-0");
  });
});

describe("profiles", () => {
  it("are made of identifies and of what comes with other messages, and merged by an alias", async () => {
    segment.send({ type: "identify", userId: "old", traits: { plan: "free", name: "Ada" } });
    segment.send({ type: "track", userId: "ada", event: "A", context: { traits: { plan: "pro" } } });
    segment.send({ type: "group", userId: "ada", groupId: "g", traits: { plan: "the group's" } });
    segment.send({ type: "identify", anonymousId: "anon-1", traits: { plan: "nobody's" } });
    expect(segment.state.profiles).toHaveLength(2);
    segment.send({ type: "alias", userId: "ada", previousId: "old" });
    expect(segment.state.profiles).toMatchObject([{ userIds: ["ada", "old"], traits: { plan: "pro", name: "Ada" } }]);
    expect((await profile("old")).body.traits).toEqual({ plan: "pro", name: "Ada" });
  });

  it("are changed and deleted without a message", async () => {
    segment.send({ type: "identify", userId: "ada", traits: { plan: "free", name: "Ada" } });
    segment.setTraits("ada", { plan: "pro", name: undefined });
    expect((await profile("ada")).body.traits).toEqual({ plan: "pro" });
    expect(() => segment.setTraits("grace", {})).toThrow("has no profile");
    segment.deleteProfile("ada");
    expect(await profile("ada")).toEqual({
      status: 404,
      body: { error: { code: "not_found", message: "Profile was not found." } },
    });
  });

  it("are answered ten traits at a time, unless more or others are asked for", async () => {
    const traits = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`trait_${index}`, index]));
    segment.send({ type: "identify", userId: "a/b", traits });
    const lengthOf = async (query: string) => Object.keys((await profile("a/b", query)).body.traits).length;
    expect(await lengthOf("")).toBe(10);
    expect(await lengthOf("?limit=100")).toBe(12);
    expect((await profile("a/b", "?include=trait_11,none")).body).toMatchObject({
      traits: { trait_11: 11 },
      cursor: { has_more: false },
    });
  });

  it("are there for the token only, in their space only, and so many each second", async () => {
    segment.send({ type: "identify", userId: "ada", traits: {} });
    expect((await profile("ada", "", { token: "another" })).status).toBe(401);
    expect((await profile("ada", "", { space: "spa_2" })).body.error.code).toBe("space_not_found");
    segment.limits.readsLeft = 1;
    expect([(await profile("ada")).status, (await profile("ada")).status]).toEqual([200, 429]);
  });

  it("are remembered as plain data, with the rest", async () => {
    segment.send({ type: "identify", userId: "ada", traits: { plan: "pro" } });
    await segment.idle();
    const saved = JSON.parse(JSON.stringify(segment.state)) as typeof segment.state;
    expect(saved).toEqual(segment.state);
    await segment.close();
    segment = await openLocalSegment({ ...KEYS, clock, port: 0, state: saved });
    expect((await profile("ada")).body.traits).toEqual({ plan: "pro" });
  });
});

function connect(changes: Partial<Parameters<LocalSegment["connect"]>[0]>): void {
  segment.connect({ url: receiver.url, signingSecret: SECRET, way: "webhook", ...changes });
}

/** The deliveries that arrived, in the order of their events. */
function sent(): SegmentMessage[] {
  const all = received.map(({ raw }) => JSON.parse(raw) as SegmentMessage);
  const order = segment.state.messages.map(({ messageId }) => messageId);
  return all.sort((one, other) => order.indexOf(one.messageId) - order.indexOf(other.messageId));
}

function travel({ hours }: { hours: number }): Promise<void> {
  return clock.travelBy(hours * 3_600_000, segment.idle);
}

async function tell(type: string, body: unknown, key = KEYS.segmentWriteKey) {
  const response = await fetch(`${segment.url}/v1/${type}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: basic(key) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as object };
}

async function profile(
  userId: string,
  query = "",
  { token = KEYS.segmentProfileToken, space = KEYS.segmentSpaceId } = {},
) {
  const users = `${segment.url}/v1/spaces/${space}/collections/users/profiles`;
  const response = await fetch(`${users}/user_id:${encodeURIComponent(userId)}/traits${query}`, {
    headers: { authorization: basic(token) },
  });
  return { status: response.status, body: (await response.json()) as ReturnType<typeof JSON.parse> };
}

function basic(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}
