import { existsSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HistoryLine } from "../../../src/rehearsal/history.ts";
import { fetchFromPostHog } from "../../../src/rehearsal/inputs/from-posthog.ts";
import type { InputContext } from "../../../src/rehearsal/inputs/order.ts";
import { createSpool } from "../../../src/rehearsal/inputs/spool.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { linesOf, openFrom } from "../../support/history.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const DAY = 86_400_000;

describe("a history from PostHog", () => {
  it("has the events of the workflows and those about identity, with the person as of each", async () => {
    await using sandbox = await testSandbox();
    const { posthog } = sandbox;
    posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: { email: "ada@example.com" } } });
    posthog.capture({ event: "$pageview", distinctId: "ada" });
    await sandbox.travel({ days: 1 });
    posthog.capture({ event: "$set", distinctId: "ada", properties: { $set: { plan: "pro" } } });
    await sandbox.travel({ days: 1 });
    posthog.capture({ event: "onboarding_completed", distinctId: "ada" });
    const { lines, from, until, events, people, limits } = await history(sandbox);
    const shown = lines.map(({ at, body }) => {
      const { event, person } = body as { event: { event: string }; person: { properties: object } };
      return [Date.parse(at) - START, event.event, person.properties];
    });
    expect(shown).toEqual([
      [0, "user_signed_up", { email: "ada@example.com" }],
      [DAY, "$set", { email: "ada@example.com", plan: "pro" }],
      [2 * DAY, "onboarding_completed", { email: "ada@example.com", plan: "pro" }],
    ]);
    expect([from, until, events, people]).toEqual([START, sandbox.clock.now() + 1, 3, 1]);
    expect(limits).toContainEqual(expect.stringContaining("arrives when it happened"));
  });

  it("has the activity before it, as far back as an absence reaches, and nothing else from before", async () => {
    await using sandbox = await testSandbox();
    for (const event of ["session_started", "user_signed_up"]) sandbox.posthog.capture({ event, distinctId: "ada" });
    await sandbox.travel({ days: 29 });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada" });
    const late = await history(sandbox, { since: START + 28 * DAY });
    expect(namesIn(late.lines)).toEqual(["session_started", "checkout_started"]);
    expect([late.from, late.events]).toEqual([START + 28 * DAY, 1]);
  });

  it("asks only for the events of one workflow, if that is ordered", async () => {
    await using sandbox = await testSandbox();
    for (const event of ["session_started", "user_signed_up", "checkout_started"])
      sandbox.posthog.capture({ event, distinctId: "ada" });
    expect(namesIn((await history(sandbox, { workflow: "drop-off" })).lines)).toEqual(["checkout_started"]);
  });

  it("waits as PostHog asks", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    let isBusy = true;
    sandbox.posthog.injectFault(({ path }) => {
      if (!isBusy || !path.includes("/query")) return null;
      isBusy = false;
      return { status: 429, headers: { "retry-after": "7" } };
    });
    const pauses: number[] = [];
    const retries = { sleep: async (ms: number) => void pauses.push(ms) };
    expect((await history(sandbox, {}, { retries })).events).toBe(1);
    expect(pauses).toEqual([7_000]);
  });

  it("continues where a fetch was interrupted, and then has the same as an uninterrupted one", async () => {
    await using sandbox = await testSandbox();
    for (let day = 0; day < 4; day += 1) {
      for (const id of ["ada", "grace"]) sandbox.posthog.capture({ event: "user_signed_up", distinctId: id });
      await sandbox.travel({ days: 1 });
    }
    const whole = await history(sandbox);
    expect(whole.lines).toHaveLength(8);

    let queries = 0;
    let failsAt = 34;
    sandbox.posthog.injectFault(({ path }) =>
      path.includes("/query") && ++queries === failsAt ? { status: 500 } : null,
    );
    await expect(history(sandbox)).rejects.toThrow("PostHog answered 500; run it again: it continues after 6 events");
    const folder = join(sandbox.config.dataDir, "rehearsal");
    const part = join(folder, "posthog.jsonl.part");
    expect(linesOf(part)).toHaveLength(6);
    expect([statSync(part).mode & 0o777, statSync(`${part}.position`).mode & 0o777]).toEqual([0o600, 0o600]);
    expect(readFileSync(`${part}.position`, "utf8")).not.toContain("ada");

    queries = 0;
    failsAt = -1;
    const progress: number[] = [];
    const rest = await history(
      sandbox,
      { since: START + 60_000 },
      { onProgress: ({ events }) => progress.push(events) },
    );
    expect([rest.lines, rest.from, queries]).toEqual([whole.lines, START, 2]);
    expect(progress).toEqual([8, 8]);
    expect(existsSync(part) || existsSync(`${part}.position`)).toBe(false);
  });

  it.each<[string, (part: string) => void, Parameters<typeof openFrom>[2]]>([
    ["other events", () => {}, { workflow: "onboarding" }],
    ["another form", () => {}, { plain: false }],
    ["a much earlier beginning", () => {}, { since: START - 2 * DAY }],
    ["a file that is gone", (part) => truncateSync(part, 0), {}],
    ["a position that is damaged", (part) => truncateSync(`${part}.position`, 10), {}],
  ])("begins again with %s", async (_what, damage, order) => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    await sandbox.travel({ days: 2 });
    let queries = 0;
    sandbox.posthog.injectFault(({ path }) => (path.includes("/query") && ++queries === 32 ? { status: 500 } : null));
    await expect(history(sandbox)).rejects.toThrow("PostHog answered 500");
    const folder = join(sandbox.config.dataDir, "rehearsal");
    damage(join(folder, "posthog.jsonl.part"));
    const { lines, from } = await history(sandbox, order);
    expect([lines.length, from]).toEqual([1, order?.since ?? START]);
    expect(readdirSync(folder).filter((name) => /part|whole/.test(name))).toEqual([]);
  });

  it("has each event once, although pages begin anew at the time where the page before ended", async () => {
    await using sandbox = await testSandbox();
    for (let index = 0; index < 7; index += 1)
      sandbox.posthog.capture({ event: "user_signed_up", distinctId: `p${index}` });
    const file = join(sandbox.config.dataDir, "some.part");
    for (const mostPages of [2, 9]) {
      const fetch = await fetchFromPostHog(
        { file, access: sandbox.config.posthog!, pageSize: 3 },
        { workflows: testProduct.workflows, since: START, until: START + 1, reach: 0, plain: true },
        { signal: new AbortController().signal },
      );
      const spool = await createSpool(file, fetch);
      let pages = 0;
      for await (const page of fetch.pages(spool)) {
        pages += 1;
        if (pages > mostPages) break;
        for (const arrival of page) await spool.add(arrival);
      }
      await spool.end({ keep: true });
    }
    const bodies = linesOf(file).map(({ body }) => JSON.stringify(body));
    expect([bodies.length, new Set(bodies).size]).toEqual([7, 7]);
  });

  it.each([
    ["a beginning", {}, { since: undefined }, "--since is missing"],
    ["PostHog", { posthog: null }, {}, "PostHog is not configured here"],
  ])("needs %s", async (_what, changes, order, message) => {
    await using sandbox = await testSandbox();
    const config = { ...sandbox.config, ...changes };
    await expect(history(sandbox, order, { config })).rejects.toThrow(message);
  });
});

function history(sandbox: Sandbox, order: Parameters<typeof openFrom>[2] = {}, context: Partial<InputContext> = {}) {
  const { config, clock } = sandbox;
  return openFrom(
    "posthog",
    config.dataDir,
    { since: START, ...order },
    { config, now: () => clock.now() + 1, ...context },
  );
}

function namesIn(lines: HistoryLine[]): string[] {
  return lines.map(({ body }) => (body as { event: { event: string } }).event.event);
}
