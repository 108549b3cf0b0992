import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HistoryLine } from "../../../src/rehearsal/history.ts";
import { type EventLine, eventIn } from "../../../src/rehearsal/inputs/events.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { CART, PERSON, POSTHOG_SHAPES, SEGMENT_SHAPES } from "../../support/event-shapes.ts";
import { openFrom } from "../../support/history.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { postSegment } from "../../support/segment.ts";
import { delivery, post } from "../../support/webhook.ts";

const FIXTURES = new URL("../../fixtures/posthog/", import.meta.url);
const AT = "2026-03-02T09:00:00.000Z";
const names = testProduct.segmentNames;
const route = createRoute(testProduct.workflows);
const person = PERSON;
describe("a history from the app's own store", () => {
  it.each(POSTHOG_SHAPES)("has PostHog's event with the same effects: %s", async (_what, body) => {
    await using sandbox = await testSandbox();
    expect((await post(sandbox.app.url, body)).status).toBe(202);
    await sandbox.settled();
    const [line, ...others] = eventsIn((await history(sandbox)).lines);
    expect([others, effects(line!)]).toEqual([[], effects({ at: AT, source: "posthog", body })]);
  });

  it.each(SEGMENT_SHAPES)("has Segment's event with the same effects: %s", async (_what, body) => {
    await using sandbox = await testSandbox();
    expect((await postSegment(sandbox.app.url, body, { secret: LOCAL_KEYS.segmentSecret })).status).toBe(202);
    await sandbox.settled();
    const [line, ...others] = eventsIn((await history(sandbox)).lines);
    expect([others, effects(line!)]).toEqual([[], effects({ at: AT, source: "segment", body })]);
  });

  it("has the bodies that PostHog sends", async () => {
    await using sandbox = await testSandbox({ startAt: Date.parse("2026-11-21T00:00:00Z") });
    const files = readdirSync(FIXTURES).filter((name) => name.endsWith(".json"));
    const bodies = files.map((name) => JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8")).body);
    const byUuid = new Map(bodies.map((body) => [body.event.uuid, body]));
    for (const body of byUuid.values()) expect((await post(sandbox.app.url, body)).status).toBe(202);
    await sandbox.settled();
    const lines = eventsIn((await history(sandbox)).lines);
    expect(lines).toHaveLength(byUuid.size);
    for (const line of lines) {
      const { uuid } = (line.body as { event: { uuid: string } }).event;
      expect(effects(line)).toEqual(effects({ at: line.at, source: "posthog", body: byUuid.get(uuid) }));
    }
  });

  it("has each event once, in the order of arrival, also one that was ignored in part and several times", async () => {
    await using sandbox = await testSandbox();
    const names = ["checkout_started", "checkout_completed", "$set", "$pageview", "user_signed_up"];
    const bodies = names.map((event, index) =>
      delivery({
        event,
        uuid: `u${9 - index}`,
        person,
        properties: { checkout_url: "https://elsewhere.example", $set: { plan: "pro" } },
      }),
    );
    for (const body of bodies) await post(sandbox.app.url, body);
    await sandbox.travel({ minutes: 1 });
    for (const body of bodies) await post(sandbox.app.url, body);
    const { lines, events, people } = await history(sandbox);
    const uuids = eventsIn(lines).map(({ body }) => (body as { event: { uuid: string } }).event.uuid);
    expect(uuids).toEqual(["u9", "u8", "u7", "u6", "u5"]);
    expect([events, people]).toEqual([5, 1]);
  });

  it("gives a visitor's event to the person who the visitor became", async () => {
    await using sandbox = await testSandbox();
    await post(
      sandbox.app.url,
      delivery({
        event: "checkout_started",
        distinctId: "visitor",
        properties: { $device_id: "visitor", $is_identified: false, ...CART },
        person: null,
      }),
    );
    await post(sandbox.app.url, delivery({ event: "$identify", person, properties: { $anon_distinct_id: "visitor" } }));
    await sandbox.travel({ seconds: 5 });
    const lines = eventsIn((await history(sandbox)).lines);
    const starts = lines.flatMap((line) => (effects(line) as ReturnType<typeof route>).starts);
    expect(starts.map(({ workflow, run }) => [workflow, run.distinctId])).toEqual([["drop-off", "ada"]]);
  });

  it("has opt-outs, also those before it, and the messages that were seen or read in it", async () => {
    await using sandbox = await testSandbox();
    const { store } = sandbox.app;
    const optOut = { distinctId: "ada", off: ["offers"], on: [], cause: "novu", report: null } as const;
    await store.people.changeOptOuts({ ...optOut, off: ["offers"], on: [], at: AT });
    await sandbox.travel({ days: 1 });
    await post(sandbox.app.url, delivery({ person }));
    const report = {
      transactionId: "u:onboarding",
      workflow: "onboarding",
      distinctId: "ada",
      step: "welcome-note",
      template: null,
      variants: {},
      properties: {},
    };
    await store.decisions.insertReport({
      ...report,
      channel: "in_app",
      status: "seen",
      at: new Date(sandbox.clock.now()).toISOString(),
    });
    const { lines, from, events } = await history(sandbox, { since: Date.parse("2026-03-03T00:00:00Z") });
    expect(lines.filter(({ source }) => source === "reply")).toEqual([
      { at: AT, source: "reply", body: { kind: "opt-out", distinct_id: "ada", topic: "offers", is_out: true } },
      {
        at: "2026-03-03T09:00:00.000Z",
        source: "reply",
        body: { kind: "seen", distinct_id: "ada", transaction_id: "u:onboarding", step: "welcome-note" },
      },
    ]);
    expect([from, events]).toEqual([Date.parse("2026-03-03T00:00:00Z"), 1]);
  });

  it("has the absences that the sweep found", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({
      event: "session_started",
      distinctId: "ada",
      properties: { $set: { email: "ada@example.com" } },
    });
    await sandbox.travel({ days: 33 });
    const sweeps = eventsIn((await history(sandbox)).lines).filter(({ source }) => source === "sweep");
    expect(
      sweeps.map((line) => (effects(line) as ReturnType<typeof route>).starts.map(({ workflow }) => workflow)),
    ).toEqual([["re-engagement"]]);
  });

  it("names the limits of what the store knows", async () => {
    await using sandbox = await testSandbox();
    await post(sandbox.app.url, delivery({ person: null }));
    await post(sandbox.app.url, delivery({ event: "$pageview", properties: { long: "x".repeat(30_000) } }));
    const { limits } = await history(sandbox);
    expect(limits).toEqual([
      expect.stringContaining("RETENTION_DAYS"),
      expect.stringContaining("ignored events"),
      expect.stringContaining("seen or read"),
      "1 of 1 stored events have no person properties; an earlier version did not store them.",
      "1 ignored events are left out, because the store has only the beginning of their bodies.",
    ]);
  });

  it("needs a store, and an event in it", async () => {
    await using sandbox = await testSandbox();
    await expect(history(sandbox)).rejects.toThrow("the history has no event");
    await expect(openFrom("store", `${sandbox.config.dataDir}/elsewhere`)).rejects.toThrow(/elsewhere/);
  });
});

function history(sandbox: Sandbox, order: Parameters<typeof openFrom>[2] = {}) {
  return openFrom("store", sandbox.config.dataDir, order, { now: () => sandbox.clock.now() + 1 });
}

function eventsIn(lines: HistoryLine[]): EventLine[] {
  return lines.flatMap((line) => (line.source === "reply" ? [] : [line]));
}

/** The effects of an event that arrives at this time. */
function effects(line: EventLine): unknown {
  const parsed = eventIn(line, names);
  return "event" in parsed ? route({ ...parsed.event, receivedAt: AT }) : parsed;
}
