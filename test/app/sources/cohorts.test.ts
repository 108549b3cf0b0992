import { describe, expect, it } from "vitest";
import { z } from "zod";
import { cohort, event } from "../../../src/engine/event.ts";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign } from "../../support/campaign.ts";
import { runCommand } from "../../support/command.ts";
import { testProduct } from "../../support/product/product.ts";
import { type TestSandboxOptions, testSandbox } from "../../support/sandbox.ts";
import { openStory } from "../../support/story.ts";
import { delivery, post } from "../../support/webhook.ts";

const QUERY = /\/query\/?$/;

describe("a cohort", () => {
  it("starts a workflow for the people who enter it, and another one also for those who are in it", async () => {
    await using sandbox = await withMembers(["ada"]);
    await sandbox.restartApp({ workflows: [entering(), announcement()] });
    await sandbox.settled();
    expect(started(sandbox)).toEqual(["announcement ada"]);

    seen(sandbox, "grace");
    sandbox.posthog.setMember("grace", 42, true);
    seen(sandbox, "elsewhere", "$identify");
    await sandbox.travel({ hours: 23 });
    expect(started(sandbox)).toEqual(["announcement ada"]);
    await sandbox.travel({ hours: 2 });
    expect(started(sandbox)).toEqual(["announcement ada", "announcement grace", "entering grace"]);

    const [{ body } = { body: "" }] = (await sandbox.app.store.people.listRecords("ada")).events as Array<{
      body: string;
    }>;
    expect(JSON.parse(body)).toMatchObject({
      source: "sweep",
      name: "cohort_entered",
      occurredAt: "2026-03-02T09:00:00.000Z",
      properties: { cohort_id: 42, entered_at: "2026-03-02T09:00:00.000Z", swept_for: "announcement" },
    });

    // A person who leaves and comes back enters again; the workflow's `entry` decides.
    sandbox.posthog.setMember("grace", 42, false);
    await sandbox.travel({ days: 1 });
    expect((await sandbox.app.store.people.listRecords("grace")).cohortMembers).toEqual([]);
    sandbox.posthog.setMember("grace", 42, true);
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toEqual(["announcement ada", "announcement grace", "entering grace", "entering grace"]);

    // A restart changes nothing, and neither do workflows that are taken out and put back within a week.
    await sandbox.restartApp({ workflows: [] });
    await sandbox.travel({ days: 3 });
    await sandbox.restartApp({ workflows: [entering(), announcement()] });
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toHaveLength(4);

    const numbers = await (await fetch(`${sandbox.app.url}/metrics`)).text();
    expect(numbers).toMatch(/bridge_cohort_sweeps_total{outcome="done"} [1-9]/);
    const why = async (person: string) => {
      const product = { ...testProduct, workflows: [entering(), announcement()] };
      return (await runCommand(sandbox, "why", ["--person", person, "--workflow", "entering"], { product })).stdout;
    };
    expect(await why("grace")).toContain("grace entered cohort 42. The daily sweep found it at once.");
    expect(await why("elsewhere")).toContain("The workflow listens to cohort 42");
  });

  it("only records who is in it after more than a week without a sweep", async () => {
    await using sandbox = await withMembers(["ada"]);
    await sandbox.restartApp({ workflows: [entering(), announcement()] });
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({ workflows: [] });
    for (const person of ["grace", "linus"]) {
      seen(sandbox, person);
      sandbox.posthog.setMember(person, 42, true);
    }
    await sandbox.travel({ days: 8 });
    await sandbox.restartApp({ workflows: [entering(), announcement()] });
    await sandbox.settled();
    expect(started(sandbox)).toEqual(["announcement ada", "announcement grace", "announcement linus"]);
    seen(sandbox, "joan");
    sandbox.posthog.setMember("joan", 42, true);
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toContain("entering joan");
    expect(started(sandbox)).toHaveLength(5);
  });

  it("has people, and not visitors, deleted persons or other ids of the same person", async () => {
    await using sandbox = await withMembers(["ada"]);
    await sandbox.restartApp({ workflows: [entering()] });
    await sandbox.settled();
    const { posthog } = sandbox;
    posthog.capture({ event: "seen", distinctId: "visitor", properties: { $is_identified: false } });
    seen(sandbox, "deleted");
    for (const one of ["visitor", "deleted"]) posthog.setMember(one, 42, true);
    sandbox.posthog.injectFault(({ path }) => {
      if (path.includes("batch_by_distinct_ids")) posthog.deletePerson("deleted");
      return null;
    });
    // Ada, who is in the cohort already, is seen by another id now.
    posthog.capture({ event: "$merge_dangerously", distinctId: "ada", properties: { alias: "ada@work" } });
    seen(sandbox, "ada@work");
    await sandbox.travel({ days: 2 });
    expect(started(sandbox)).toEqual([]);

    // The visitor is a person from now on.
    seen(sandbox, "linus", "$identify", { $anon_distinct_id: "visitor" });
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toEqual(["entering linus"]);
  });

  it("keeps a member who has had no event for long", { tags: ["long"] }, async () => {
    await using sandbox = await withMembers(["ada"]);
    await sandbox.restartApp({ workflows: [entering()] });
    await sandbox.travel({ days: 100 });
    seen(sandbox, "ada");
    await sandbox.travel({ days: 2 });
    expect(started(sandbox)).toEqual([]);
  });
});

describe("a cohort of the sandbox", () => {
  it("is part of a story", async () => {
    await using story = await openStory({ people: { ada: {}, grace: {} }, workflows: [entering()] });
    expect(() => story.entersCohort("ada", 43)).toThrow("no cohort 43; does a workflow start on it?");
    story.entersCohort("ada", 42);
    await story.until("day 1 10:00");
    story.leavesCohort("ada", 42);
    await story.until("day 2 10:00");
    story.entersCohort("ada", 42);
    await story.until("day 3 10:00");
    expect(await story.lines()).toEqual([
      "day 1 09:00  ada  entering  call  sent",
      "day 3 09:00  ada  entering  call  sent",
    ]);
  });
});

describe("a cohort that cannot be read", () => {
  it("is an error each time, and nobody enters or leaves", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
    await using sandbox = await withMembers(["ada"], { log });
    await sandbox.restartApp({ workflows: [entering(), announcement(), other()] });
    await sandbox.settled();
    const [cohort42] = sandbox.posthog.state.cohorts;
    const troubles = [
      ["cohort 42 is deleted at PostHog", () => Object.assign(cohort42!, { isDeleted: true })],
      [
        "PostHog has not finished cohort 42 yet",
        () => Object.assign(cohort42!, { isDeleted: false, calculatedAt: null }),
      ],
      [
        "PostHog has no cohort 42; is it",
        () => (sandbox.posthog.state.cohorts = sandbox.posthog.state.cohorts.slice(1)),
      ],
    ] as const;
    for (const [text, happen] of troubles) {
      lines.length = 0;
      happen();
      await sandbox.travel({ days: 1, minutes: 16 });
      expect(lines.join("")).toContain(text);
      expect((await sandbox.app.store.people.listRecords("ada")).cohortMembers).toHaveLength(2);
    }
    expect(await (await fetch(`${sandbox.app.url}/metrics`)).text()).toMatch(
      /bridge_cohort_sweeps_total{outcome="failed"} [1-9]/,
    );
    // Another cohort is read all the same.
    expect(lines.join("")).toContain('"outcome":"swept","workflow":"other","cohort":43');
    expect(lines.join("")).not.toMatch(/"ada|ada@/);

    sandbox.posthog.state.cohorts.push({ ...cohort42!, calculatedAt: "2026-03-02T09:00:00.000Z" });
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toEqual(["announcement ada"]);
  });

  it("loses nobody when PostHog lists no members and counts some", async () => {
    await using sandbox = await withMembers(["ada"]);
    await sandbox.restartApp({ workflows: [entering()] });
    await sandbox.settled();
    sandbox.posthog.injectFault(({ path }) => (QUERY.test(path) ? { status: 200, body: { results: [] } } : null));
    await sandbox.travel({ days: 1 });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ days: 1 });
    expect(started(sandbox)).toEqual([]);
    sandbox.posthog.setMember("ada", 42, false);
    await sandbox.travel({ days: 1 });
    expect((await sandbox.app.store.people.listRecords("ada")).cohortMembers).toEqual([]);
  });

  it("keeps the app from its start without PostHog", async () => {
    await expect(testSandbox({ withoutPostHog: true, workflows: [entering()] })).rejects.toThrow(
      '"entering" starts on cohort 42, which only PostHog has: set POSTHOG_PROJECT_ID',
    );
  });
});

it("an event of this name from PostHog or Segment starts nothing", async () => {
  await using sandbox = await testSandbox({ workflows: [entering(), announcement()] });
  expect(sandbox.app.events).not.toContain("cohort_entered");
  const properties = { cohort_id: 42, swept_for: "entering", entered_at: "2026-03-02T09:00:00.000Z" };
  const answer = await post(sandbox.app.url, delivery({ event: "cohort_entered", properties }));
  expect([answer.status, await answer.json()]).toEqual([
    202,
    { ignored: '"cohort_entered" counts only from the daily sweep of this app, because anybody can send it' },
  ]);
  sandbox.segment.send({ type: "track", userId: "ada", event: "cohort_entered", properties });
  await sandbox.travel({ days: 1 });
  expect(started(sandbox)).toEqual([]);
  expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toHaveLength(2);
});

/** A sandbox without workflows, whose PostHog has these people in cohort 42. */
async function withMembers(people: string[], options: TestSandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows: [], ...options });
  sandbox.posthog.addCohort(42);
  for (const person of people) {
    seen(sandbox, person);
    sandbox.posthog.setMember(person, 42, true);
  }
  return sandbox;
}

function entering(): LifecycleWorkflow {
  return onCohort({ id: "entering", on: [cohort(42)], entry: "always" });
}

/** One run for each person, by the default for cohorts. */
function announcement(): LifecycleWorkflow {
  return onCohort({ id: "announcement", on: [cohort(42, { members: "start too" })] });
}

function other(): LifecycleWorkflow {
  return onCohort({ id: "other", on: [cohort(43)] });
}

function onCohort(changes: Parameters<typeof campaign>[0]): LifecycleWorkflow {
  return campaign({ exitOn: [event("answered")], payload: z.object({}), ...changes });
}

/** An event that no workflow listens to, with all that PostHog then knows of a person. */
function seen(sandbox: Sandbox, distinctId: string, event = "seen", properties: object = {}): void {
  sandbox.posthog.capture({
    event,
    distinctId,
    properties: {
      ...properties,
      $set: { email: `${distinctId.split("@")[0]}@example.com`, name: distinctId },
    },
  });
}

/** The runs that Novu has started. */
function started(sandbox: Sandbox): string[] {
  return sandbox.novu.state.runs.map(({ workflowId, subscriberId }) => `${workflowId} ${subscriberId}`).sort();
}
