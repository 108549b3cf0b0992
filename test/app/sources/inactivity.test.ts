import { describe, expect, it } from "vitest";
import { openApp } from "../../../src/app.ts";
import { event } from "../../../src/engine/event.ts";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { createLog } from "../../../src/lib/log.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { testFolder } from "../../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../../support/postgres.ts";
import { productOf } from "../../support/product/product.ts";
import { reEngagement } from "../../support/product/re-engagement.tsx";
import { eventually, testSandbox } from "../../support/sandbox.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const DAY_MS = 24 * 60 * 60 * 1000;
const QUERY = /\/query\/?$/;
/** So many days into the story, or before it. */
const day = (days: number) => new Date(START + days * DAY_MS).toISOString();

describe("a person who has been away for 30 days", () => {
  it("is written to, once, though no event says so", async () => {
    await using sandbox = await testSandbox({ workflows: [unlimited] });
    forwardNothing(sandbox);
    seen(sandbox, "ada", -29.5);
    seen(sandbox, "grace", -29.5);
    seen(sandbox, "grace", -2);
    await sandbox.travel({ hours: 23 });
    expect(started(sandbox)).toEqual([]);
    await sandbox.travel({ days: 10 });

    expect(started(sandbox)).toEqual(["ada"]);
    expect(sandbox.novu.state.messages.map(({ stepId, to }) => [stepId, to])).toEqual([
      ["feature-note", null],
      ["feature-email", "ada@example.com"],
      ["last-email", "ada@example.com"],
    ]);
    const [{ body } = { body: "" }] = (await sandbox.app.store.people.listRecords("ada")).events as Array<{
      body: string;
    }>;
    expect(JSON.parse(body)).toMatchObject({
      name: "user_inactive",
      occurredAt: day(0.5),
      properties: { days_inactive: 30, last_seen_at: day(-29.5), swept_for: "re-engagement" },
    });
  });

  it("is written to again after coming back and leaving for as long", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    seen(sandbox, "ada", -30.5);
    await sandbox.travel({ days: 5 });
    seen(sandbox, "ada", 5);
    await sandbox.travel({ days: 29 });
    expect(started(sandbox)).toEqual(["ada"]);
    await sandbox.travel({ days: 10 });
    expect(started(sandbox)).toEqual(["ada", "ada"]);
  });

  it("is found up to a week later, and left alone when it is longer ago", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    seen(sandbox, "yesterday", -29.5);
    seen(sandbox, "this-week", -35.9);
    seen(sandbox, "last-week", -36.1);
    seen(sandbox, "years-ago", -700);
    await sandbox.travel({ days: 3 });
    expect(started(sandbox).sort()).toEqual(["this-week", "yesterday"]);
  });

  it("is not written to as a stranger: visitors, placeholders, and people PostHog has forgotten", async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    seen(sandbox, "visitor", -30.5, { $is_identified: false });
    seen(sandbox, "profileless", -30.5, { $process_person_profile: false });
    seen(sandbox, "device", -30.5, { $device_id: "device" });
    seen(sandbox, "null", -30.5);
    seen(sandbox, "forgotten", -30.5);
    sandbox.posthog.deletePerson("forgotten");
    await sandbox.travel({ days: 4 });
    expect(started(sandbox)).toEqual([]);
    expect(
      (await sandbox.app.store.events.listIgnored({ limit: 10 })).map(({ distinctId, reason }) => [distinctId, reason]),
    ).toEqual([["null", "the distinct id is a placeholder"]]);
  });

  it("is one person, by the newest distinct id that is theirs, and there whenever seen under another", async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    for (const distinctId of ["ada", "grace"]) {
      seen(sandbox, distinctId, -30.8);
      sandbox.posthog.capture({
        event: "$identify",
        distinctId,
        properties: { $anon_distinct_id: `device-of-${distinctId}` },
      });
    }
    seen(sandbox, "device-of-ada", -30.5, { $device_id: "device-of-ada" });
    seen(sandbox, "device-of-grace", -3, { $device_id: "device-of-grace" });
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toEqual(["ada"]);
  });

  it("starts one run when PostHog forwards a user_inactive as well", async () => {
    await using sandbox = await testSandbox();
    seen(sandbox, "ada", -29.5);
    await sandbox.travel({ days: 1 });
    sandbox.posthog.capture({ event: "user_inactive", distinctId: "ada", properties: { days_inactive: 30 } });
    await sandbox.travel({ days: 5 });
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("has left when back by then, however late the start comes", async () => {
    await using sandbox = await testSandbox();
    seen(sandbox, "ada", -29.5);
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { status: 503 } : null));
    await sandbox.travel({ hours: 24, minutes: 2 });
    seen(sandbox, "ada", 1.001);
    await sandbox.settled();
    sandbox.novu.injectFault(null);
    await sandbox.travel({ days: 3 });
    expect(sandbox.novu.state.messages).toEqual([]);
    const reasons = (await sandbox.app.store.decisions.list()).map(({ reason }) => reason);
    expect([reasons.length > 0, new Set(reasons)]).toEqual([true, new Set(["exited"])]);
  });
});

describe("the daily sweep", () => {
  it("asks once a day, restarts or not", async () => {
    await using sandbox = await testSandbox();
    let asked = 0;
    sandbox.posthog.injectFault(({ path }) => {
      if (QUERY.test(path)) asked += 1;
      return null;
    });
    await sandbox.travel({ days: 1 });
    const before = asked;
    await sandbox.restartApp();
    await sandbox.travel({ hours: 23 });
    await sandbox.restartApp();
    expect(asked).toBe(before);
    await sandbox.travel({ hours: 1 });
    expect(asked).toBe(before + 1);
  });

  it("goes on where it was stopped in the middle", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ plan: "team", workflows: [unlimited] });
    forwardNothing(sandbox);
    const people = Array.from({ length: 260 }, (_, index) => `person-${index}`);
    for (const distinctId of people) seen(sandbox, distinctId, -29.5);
    const { store } = sandbox.app;
    const { insert } = store.events;
    let stopping: Promise<void> | undefined;
    let accepted = 0;
    store.events.insert = async (...parameters) => {
      accepted += 1;
      if (accepted === 10) stopping = sandbox.restartApp();
      return insert(...parameters);
    };
    await sandbox.clock.travelBy(DAY_MS, async () => {
      if (stopping === undefined) await sandbox.settled();
      await stopping;
    });
    expect(accepted).toBeGreaterThanOrEqual(10);
    expect(accepted).toBeLessThan(people.length);
    await sandbox.settled();
    const records = await Promise.all(people.map((id) => sandbox.app.store.people.listRecords(id)));
    expect(records.map(({ runs }) => runs.length)).toEqual(people.map(() => 1));
  });

  it("is made up for on the same day when PostHog was down", async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    seen(sandbox, "ada", -29.5);
    await sandbox.travel({ hours: 23 });
    sandbox.posthog.injectFault(() => "hang up");
    await sandbox.travel({ hours: 4 });
    expect(started(sandbox)).toEqual([]);
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 15 });
    expect(started(sandbox)).toEqual(["ada"]);

    const numbers = await (await fetch(`${sandbox.app.url}/metrics`)).text();
    expect(numbers).toMatch(/bridge_inactivity_people_total{what="found"} 1\n/);
    expect(numbers).toMatch(/bridge_inactivity_people_total{what="started"} 1\n/);
    expect(numbers).toMatch(/bridge_inactivity_sweeps_total{outcome="failed"} 13\n/);
  });

  it("is made up for when the app was down", async () => {
    await using sandbox = await testSandbox();
    forwardNothing(sandbox);
    seen(sandbox, "ada", -29.5);
    await sandbox.settled();
    await sandbox.app.stop();
    await sandbox.clock.travelBy(6 * DAY_MS, async () => {});
    await sandbox.restartApp();
    await sandbox.settled();
    expect(started(sandbox)).toEqual(["ada"]);
  });

  it("says nothing personal", { tags: ["long"] }, async () => {
    const lines: string[] = [];
    const log = createLog({ level: "trace", destination: { write: (line) => void lines.push(line) } });
    await using sandbox = await testSandbox({ log });
    seen(sandbox, "ada", -29.5);
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? { status: 503 } : null));
    await sandbox.travel({ days: 2 });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 15 });
    expect(started(sandbox)).toEqual(["ada"]);
    expect(lines.join("")).toMatch(
      /"component":"sources","run":"inactivity","outcome":"failed","error":"PostHog answered 503/,
    );
    expect(lines.join("")).toMatch(/"outcome":"swept".*"found":1,"started":1/);
    expect(lines.join("")).not.toMatch(/"ada|ada@/);
  });
});

describe("where sessions are forwarded", () => {
  it("goes by our own record when PostHog cannot be asked, and asks again", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows: [unlimited] });
    sandbox.posthog.injectFault(({ path }) => (QUERY.test(path) ? { status: 403 } : null));
    for (const distinctId of ["ada", "grace", "joan"]) seen(sandbox, distinctId, -29.5);
    seen(sandbox, "grace", -3);
    seen(sandbox, "long-ago", -50);
    await sandbox.travel({ days: 1 });
    expect(started(sandbox).sort()).toEqual(["ada", "joan"]);

    sandbox.posthog.injectFault(null);
    await sandbox.travel({ days: 8 });
    expect(started(sandbox).sort()).toEqual(["ada", "joan"]);
  });

  it("skips a person who was seen here, though PostHog's query does not show it yet", async () => {
    await using sandbox = await testSandbox();
    seen(sandbox, "ada", -29.5);
    seen(sandbox, "ada", -1);
    await sandbox.settled();
    sandbox.posthog.state.events = sandbox.posthog.state.events.filter(({ timestamp }) => timestamp !== day(-1));
    await sandbox.travel({ days: 2 });
    expect(started(sandbox)).toEqual([]);
  });
});

describe.skipIf(!hasPostgres)("two processes on one PostgreSQL", () => {
  it("ask in turns, and double nothing when they ask at once", { timeout: 60_000 }, async () => {
    // Novu has to know the workflow, and the sandbox's own app must not look for anybody.
    const idle = { ...reEngagement, absences: [], startedBy: () => null, events: [event("nothing").event] };
    await using sandbox = await testSandbox({ workflows: [idle], plan: "team" });
    await using database = await openTestDatabase();
    using folder = testFolder();
    const people = Array.from({ length: 250 }, (_, index) => `person-${index}`);
    for (const [index, distinctId] of people.entries()) seen(sandbox, distinctId, index < 125 ? -30.5 : -29.5);
    let asked = 0;
    sandbox.posthog.injectFault(({ path }) => {
      if (!QUERY.test(path)) return null;
      asked += 1;
      return { delayMs: 50 };
    });

    const config = { ...sandbox.config, port: 0, dataDir: folder.path, databaseUrl: database.url };
    const parts = { clock: sandbox.clock, log: createLog({ level: "silent" }), product: productOf([unlimited]) };
    const [one, other] = await Promise.all([openApp(config, parts), openApp(config, parts)]);
    const quiet = async () => {
      await Promise.all([one.idle(), other.idle()]);
      await sandbox.settled();
    };
    try {
      await quiet();
      await eventually(() => started(sandbox).length === 125, 20_000);
      expect(asked).toBe(1);

      for (const { store } of [one, other]) store.limits.takeLease = async () => null;
      await sandbox.clock.travelBy(DAY_MS, quiet);
      await eventually(() => started(sandbox).length === 250, 20_000);
      expect(asked).toBe(3);
      await quiet();
      expect(started(sandbox).sort()).toEqual([...people].sort());
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  });
});

/** Nothing but the event's own uuid keeps it from a second run. */
const unlimited: LifecycleWorkflow = { ...reEngagement, entry: "always" };

/** A session of that day, with all that PostHog then knows of a person. */
function seen(sandbox: Sandbox, distinctId: string, days: number, properties: Record<string, unknown> = {}): void {
  sandbox.posthog.capture({
    event: "session_started",
    distinctId,
    timestamp: day(days),
    properties: { ...properties, $set: { email: `${distinctId}@example.com`, name: distinctId } },
  });
}

/** A destination that is filtered to let nothing through. */
function forwardNothing(sandbox: Sandbox): void {
  const url = `${sandbox.app.url}/webhooks/posthog`;
  sandbox.posthog.connect({ url, signingSecret: LOCAL_KEYS.signingSecret, events: [] });
}

/** The people whose runs Novu has started. */
function started(sandbox: Sandbox): string[] {
  return sandbox.novu.state.runs.map(({ subscriberId }) => subscriberId);
}
