import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Measured, wantedInsights } from "../../src/commands/dashboard/insights.ts";
import { type Step, syncDashboard } from "../../src/commands/dashboard/sync-dashboard.ts";
import { createPostHogApi } from "../../src/commands/posthog-api.ts";
import { type LocalPostHog, openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../src/sandbox/virtual-clock.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const { workflows } = testProduct;

const dropOff: Measured = {
  id: "drop-off",
  name: "Checkout drop-off",
  category: "marketing",
  exitEvents: ["checkout_completed"],
  holdout: null,
};
const stalled: Measured = {
  id: "stalled",
  name: "Stalled",
  category: "transactional",
  exitEvents: ["step_done", "it's done"],
  holdout: "no-nudges",
};
const receipt: Measured = { ...dropOff, id: "receipt", name: "Receipt", exitEvents: [] };

describe("the dashboard", () => {
  let clock: VirtualClock;
  let posthog: LocalPostHog;
  let writes: string[];

  beforeEach(async () => {
    clock = createVirtualClock({ startAt: 0, flowing: false });
    posthog = await openLocalPostHog({ projectToken: "phc_1", personalApiKey: "phx_1", clock, port: 0 });
    writes = [];
    posthog.injectFault(({ method, path }) => {
      if (method !== "GET") writes.push(`${method} ${path}`);
      return null;
    });
  });
  afterEach(async () => {
    await posthog.close(0);
    clock.stop();
  });

  async function sync(measured: Measured[], { holdout, dryRun = false }: { holdout?: string; dryRun?: boolean } = {}) {
    const steps: Step[] = [];
    await syncDashboard({
      api: createPostHogApi({ apiHost: posthog.url, projectId: "1", personalApiKey: "phx_1" }),
      insights: wantedInsights(measured, holdout),
      dryRun,
      onStep: (step) => steps.push(step),
    });
    return steps.map(({ what, does }) => `${does} ${what}`);
  }
  const shown = () => posthog.state.insights.filter(({ deleted }) => !deleted).map(({ name }) => name);

  it("is made, and then left alone", async () => {
    const created = ["create dashboard", "create funnel:drop-off", "create reasons", "create held-out"];
    expect(await sync([dropOff, receipt])).toEqual(created);
    expect(shown()).toEqual([
      "Checkout drop-off: from notification to conversion",
      "Why messages were not sent",
      "Held out against treated: people",
    ]);
    expect(posthog.state.insights.every(({ dashboards }) => dashboards.includes(1))).toBe(true);
    expect(writes).toHaveLength(4);
    expect(new Set((await sync([dropOff, receipt])).map((step) => step.split(" ")[0]))).toEqual(new Set(["as"]));
    expect(writes).toHaveLength(4);
  });

  it("follows the workflows: what is new is made, what has changed is changed, what is gone is deleted", async () => {
    await sync([dropOff, stalled]);
    const changed = { ...dropOff, exitEvents: ["order_placed"] };
    expect(await sync([changed, { ...dropOff, id: "other" }])).toEqual([
      "as it is dashboard",
      "update funnel:drop-off",
      "create funnel:other",
      "as it is reasons",
      "as it is held-out",
      "delete funnel:stalled",
      "delete lift:stalled",
    ]);
    const [funnel] = posthog.state.insights;
    expect(funnel?.query).toMatchObject({ source: { series: [{}, { event: "order_placed" }] } });
    expect(posthog.state.insights.filter(({ deleted }) => deleted)).toHaveLength(2);
  });

  it("is only shown by a dry run", async () => {
    expect(await sync([dropOff], { dryRun: true })).toContain("create dashboard");
    expect([writes, posthog.state.dashboards]).toEqual([[], []]);
    await sync([dropOff]);
    expect(await sync([stalled], { dryRun: true })).toContain("delete funnel:drop-off");
    expect(writes).toHaveLength(4);
  });

  it("leaves alone what others have made, and what they have changed of it", async () => {
    for (let index = 0; index < 150; index += 1)
      posthog.state.dashboards.push({ id: index + 1, name: "Lifecycle messages", description: "", deleted: false });
    await sync([dropOff]);
    const own = posthog.state.dashboards.at(-1)!;
    own.name = "Messages";
    posthog.state.insights[0]!.query = { source: { kind: "FunnelsQuery", mine: true } };
    const rest = { description: "mine", query: {}, dashboards: [own.id], deleted: false };
    posthog.state.insights.push({ id: 99, name: "Why messages were not sent", ...rest });
    // A copy, made at PostHog, has the same description.
    posthog.state.dashboards.unshift({ ...own, id: 1_000, name: "Messages (Copy)" });
    const before = structuredClone(posthog.state);
    await sync([dropOff]);
    expect(posthog.state).toEqual(before);
  });

  it("asks for the difference that a holdout makes, of one workflow or of all marketing", async () => {
    await sync([dropOff, stalled, receipt], { holdout: "no-marketing" });
    expect(shown().filter((name) => name.endsWith("held out against treated"))).toHaveLength(2);
    const lift = posthog.state.insights.find(({ name }) => name.startsWith("Stalled: held out"));
    expect(lift?.query).toMatchObject({
      source: {
        kind: "FunnelsQuery",
        series: [
          {
            event: null,
            properties: [
              { type: "hogql", key: "event in ('notification sent', 'notification skipped')" },
              { type: "event", key: "workflow", value: ["stalled"] },
              { type: "hogql", key: "event = 'notification sent' or properties.reason = 'held out'" },
            ],
          },
          { event: null, properties: [{ key: "event in ('step_done', 'it\\'s done')" }] },
        ],
        breakdownFilter: { breakdown: "if(properties.reason = 'held out', 'held out', 'treated')" },
      },
    });
  });
});

describe("npm run dashboard", () => {
  it("has a chart for each workflow that something ends, and says where they are", async () => {
    await using sandbox = await testSandbox();
    const dry = await runCommand(sandbox, "dashboard", ["--dry-run"]);
    expect([dry.code, dry.stderr, sandbox.posthog.state.dashboards]).toEqual([3, "", []]);
    expect(dry.stdout).toContain(
      `would create  ${workflows.find(({ exitEvents }) => exitEvents.length > 0)?.name}: from notification to conversion\n`,
    );

    const made = await runCommand(sandbox, "dashboard", ["--json"], { env: { HOLDOUT_FLAG: "no-marketing" } });
    const { url, steps, error } = JSON.parse(made.stdout) as { url: string; steps: Step[]; error: string | null };
    expect([made.code, error, url]).toEqual([0, null, `${sandbox.posthog.url}/project/1/dashboard/1`]);
    const ended = workflows.filter(({ exitEvents }) => exitEvents.length > 0);
    expect(ended.length).toBeGreaterThan(0);
    for (const { id } of ended) expect(steps.map(({ what }) => what)).toContain(`funnel:${id}`);
    for (const { id } of ended.filter(({ category }) => category === "marketing"))
      expect(steps.map(({ what }) => what)).toContain(`lift:${id}`);

    const again = await runCommand(sandbox, "dashboard", ["--dry-run"], { env: { HOLDOUT_FLAG: "no-marketing" } });
    expect([again.code, again.stdout]).toEqual([0, expect.not.stringContaining("would")]);
  });

  it("says what the key lacks, and that it can be run again", async () => {
    await using sandbox = await testSandbox();
    const body = { detail: "API key missing required scope 'insight:write'" };
    sandbox.posthog.injectFault(({ path }) => (path.endsWith("/insights/") ? { status: 403, body } : null));
    const { code, stderr } = await runCommand(sandbox, "dashboard", []);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("POSTHOG_PERSONAL_API_KEY needs the scope insight:write"),
    ]);
    sandbox.posthog.injectFault(null);
    expect((await runCommand(sandbox, "dashboard", [])).code).toBe(0);
    expect(sandbox.posthog.state.dashboards).toHaveLength(1);
  });

  it("says what it is for to a team without PostHog", async () => {
    await using sandbox = await testSandbox();
    const { code, stderr } = await runCommand(sandbox, "dashboard", [], { env: WITH_SEGMENT_ALONE });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^dashboard creates a dashboard in PostHog .*not configured.*studio/),
    ]);
  });

  it("says so when PostHog is down, and when it is asked in the wrong way", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.injectFault(() => "hang up");
    const down = await runCommand(sandbox, "dashboard", ["--json"]);
    expect([down.code, JSON.parse(down.stdout)]).toMatchObject([
      1,
      { error: expect.stringContaining("does not answer") },
    ]);
    expect((await runCommand(sandbox, "dashboard", ["--all"])).code).toBe(2);
    expect((await runCommand(sandbox, "dashboard", ["--help"])).stdout).toContain("dashboard:write");
  });
});
