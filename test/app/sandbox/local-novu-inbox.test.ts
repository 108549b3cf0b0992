import { createHmac } from "node:crypto";
import { request } from "node:http";
import express from "express";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { type LocalNovu, openLocalNovu } from "../../../src/sandbox/local-novu/local-novu.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";

// The calls of @novu/js 3.19, and the answers that it reads.

const KEY = "k";
const HASH = createHmac("sha256", KEY).update("ada").digest("hex");
const SIGNED_IN = { applicationIdentifier: "local", subscriber: { subscriberId: "ada" }, subscriberHash: HASH };

let clock: VirtualClock;
let bridge: Listening;
let novu: LocalNovu;

beforeEach(async () => {
  clock = createVirtualClock({ startAt: 0, flowing: false });
  const workflows = ["offers", "tips"].map((id) => ({
    ...{ workflowId: id, name: id, tags: ["lifecycle", id] },
    steps: [
      { stepId: "note", type: "in_app" },
      { stepId: "mail", type: "email" },
    ],
  }));
  const outputs = { subject: "s", body: "b", primaryAction: { label: "Go" } };
  const app = express()
    .get("/", (_request, response) => response.json({ workflows }))
    .post("/", (_request, response) => response.json({ outputs, options: { skip: false } }));
  bridge = await serve(app, { port: 0 });
  novu = await openLocalNovu({ secretKey: KEY, plan: "free", clock, port: 0 });
  await call("POST", "/v1/bridge/sync", { bridgeUrl: bridge.url }, `ApiKey ${KEY}`);
  for (const name of ["offers", "tips"]) {
    await call("POST", "/v1/events/trigger", { name, to: { subscriberId: "ada" } }, `ApiKey ${KEY}`);
    await novu.idle();
  }
});
afterEach(async () => {
  clock.stop();
  await Promise.all([novu.close(), bridge.close()]);
});

it("lists, counts and marks the notes of the signed-in subscriber", async () => {
  const { data } = (await call("POST", "/v1/inbox/session", SIGNED_IN)).body;
  expect(data).toMatchObject({ totalUnreadCount: 2, unreadCount: { total: 2 } });
  const me = (method: string, path: string, body?: object) =>
    call(method, `/v1/inbox${path}`, body, `Bearer ${data.token}`);
  const list = async (query = "") => (await me("GET", `/notifications?limit=10${query}`)).body.data as Note[];
  const count = async (filter: object) =>
    (await me("GET", `/notifications/count?filters=${JSON.stringify([filter])}`)).body.data[0].count;

  const [tip, offer] = await list();
  expect(tip).toMatchObject({ subject: "s", body: "b", isRead: false, tags: ["lifecycle", "tips"] });
  expect(await list("&tags[]=offers")).toEqual([offer]);
  expect(await list("&tags[0][]=offers&tags[1][]=lifecycle")).toEqual([offer]);
  expect(await count({ tags: { or: ["offers", "tips"] }, read: false })).toBe(2);

  await me("POST", "/notifications/seen", { notificationIds: [tip!.id] });
  expect((await list())[0]).toMatchObject({ isSeen: true, isRead: false });
  expect((await me("PATCH", `/notifications/${tip!.id}/read`)).body.data).toMatchObject({ isRead: true });
  expect(await list("&read=false")).toMatchObject([{ id: offer!.id }]);
  expect((await me("PATCH", `/notifications/${tip!.id}/unread`)).body.data).toMatchObject({ isRead: false });
  const clicked = await me("PATCH", `/notifications/${offer!.id}/complete`, { actionType: "primary" });
  expect(clicked.body.data).toMatchObject({ isRead: true, primaryAction: { label: "Go", isCompleted: true } });
  await me("POST", "/notifications/read-archive", {});
  expect(await list("&archived=true")).toMatchObject([{ id: offer!.id, isArchived: true }]);
  expect((await me("PATCH", `/notifications/${offer!.id}/unarchive`)).body.data).toMatchObject({ isArchived: false });
  expect((await me("PATCH", "/notifications/other/read")).status).toBe(404);

  await me("PATCH", "/preferences/tips", { email: false });
  const preferences = (await me("GET", "/preferences")).body.data;
  expect(preferences.map(({ channels }: { channels: object }) => channels)).toEqual([
    { email: true, in_app: true, push: true, sms: true, chat: true, tool: true },
    { email: true, in_app: true },
    { email: false, in_app: true },
  ]);
  expect(novu.state.preferences).toEqual({ ada: { tips: { email: false } } });
});

interface Note {
  id: string;
}

it.each([
  ["without a hash", { subscriberHash: undefined }, "Please provide a valid HMAC hash"],
  ["with the hash of another person", { subscriber: { subscriberId: "bob" } }, "Please provide a valid HMAC hash"],
  ["of another environment", { applicationIdentifier: "x" }, "Please provide a valid application identifier"],
])("refuses a session %s", async (_name, changes, message) => {
  const { status, body } = await call("POST", "/v1/inbox/session", { ...SIGNED_IN, ...changes });
  expect([status, body.message]).toEqual([400, message]);
});

it("is open to pages of this machine only", async () => {
  expect((await call("GET", "/v1/inbox/notifications", undefined, "Bearer x")).status).toBe(401);
  const ask = (headers: Record<string, string>) =>
    new Promise<[status: number | undefined, allowed: string | undefined]>((resolve, reject) => {
      request(`${novu.url}/v1/inbox/session`, { method: "OPTIONS", headers }, (answer) => {
        resolve([answer.statusCode, answer.resume().headers["access-control-allow-origin"]]);
      })
        .on("error", reject)
        .end();
    });
  expect(await ask({ origin: "http://localhost:3000" })).toEqual([204, "http://localhost:3000"]);
  expect(await ask({ origin: "https://example.com" })).toEqual([403, undefined]);
  expect(await ask({ host: "example.com" })).toEqual([403, undefined]);
});

async function call(method: string, path: string, body?: object, authorization = "") {
  const response = await fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse((await response.text()) || "null") };
}
