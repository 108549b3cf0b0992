import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { type LifecycleDefinition, type LifecycleWorkflow, lifecycle } from "../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { permutations } from "../support/permutations.ts";
import { testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const DAY_MS = 24 * 60 * 60 * 1000;
/** So many days into the story. */
const day = (days: number) => new Date(START + days * DAY_MS).toISOString();

describe("entry once", () => {
  it("is let in by the first of two sign-ups, and gets nothing by the second", async () => {
    await using sandbox = await testSandbox({ workflows: [tour({ entry: "once" })] });
    await tell(sandbox, { uuid: "first", timestamp: day(0) });
    await sandbox.travel({ days: 3 });
    await tell(sandbox, { uuid: "second", timestamp: day(3) });
    await sandbox.travel({ days: 3 });

    expect(triggered(sandbox)).toEqual(["first:tour"]);
    expect(sandbox.novu.state.messages).toHaveLength(2);
    expect(await decisions(sandbox)).toEqual([
      ["first:tour", "hello", "sent", null],
      ["first:tour", "tip", "sent", null],
      ["second:tour", "hello", "skipped", "entered before"],
      ["second:tour", "tip", "skipped", "entered before"],
    ]);
    const reports = sandbox.posthog.state.events.map(({ event, properties }) => [event, properties.reason ?? null]);
    expect(reports.slice(-2)).toEqual(Array(2).fill(["notification skipped", "entered before"]));
  });

  it("is let in once of 20 sign-ups at a time, also after a restart", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows: [tour({ entry: "once" })] });
    const tellAll = (name: string) =>
      Promise.all(Array.from({ length: 20 }, (_, index) => tell(sandbox, { uuid: `${name}-${index}` })));
    await tellAll("before");
    await sandbox.restartApp();
    await tellAll("after");
    await sandbox.travel({ days: 3 });
    expect([triggered(sandbox).length, sandbox.novu.state.messages.length]).toEqual([1, 2]);
  });

  it("is another person's business", async () => {
    await using sandbox = await testSandbox({ workflows: [tour({ entry: "once" })] });
    for (const distinctId of ["ada", "grace"]) await tell(sandbox, { uuid: distinctId, distinctId });
    await sandbox.settled();
    expect(triggered(sandbox)).toEqual(["ada:tour", "grace:tour"]);
  });
});

describe("entry once in a week", () => {
  it("is let in a week before and a week after, and not between", async () => {
    const workflows = [tour({ entry: { oncePer: { days: 7 } }, startWithin: "any time" })];
    await using sandbox = await testSandbox({ workflows, startAt: Date.parse(day(30)) });
    for (const days of [10, 16.9, 3.1, 17, 3, 23.9, 24]) {
      await tell(sandbox, { uuid: `day-${days}`, timestamp: day(days) });
      await sandbox.settled();
    }
    expect(triggered(sandbox)).toEqual(["day-10:tour", "day-17:tour", "day-3:tour", "day-24:tour"]);
  });
});

describe("entry with one run at a time", () => {
  it("is not let in while an earlier run waits, and is after its last message", async () => {
    await using sandbox = await testSandbox({ workflows: [tour({ entry: "one at a time" })] });
    await tell(sandbox, { uuid: "first" });
    await sandbox.travel({ hours: 23 });
    await tell(sandbox, { uuid: "second", timestamp: day(0.9) });
    await sandbox.travel({ hours: 2 });
    await tell(sandbox, { uuid: "third", timestamp: day(1.1) });
    await sandbox.travel({ days: 2 });

    expect(triggered(sandbox)).toEqual(["first:tour", "third:tour"]);
    expect(sandbox.novu.state.messages).toHaveLength(4);
    expect((await decisions(sandbox)).filter(([, , , reason]) => reason !== null)).toEqual([
      ["second:tour", "hello", "skipped", "entered before"],
      ["second:tour", "tip", "skipped", "entered before"],
    ]);
  });

  it("is let in after a last message that was not sent", async () => {
    const workflow = tour({
      entry: "one at a time",
      workflow: async ({ step }) => {
        await step.inApp("tip", () => ({ body: "A tip" }), { skip: () => "has seen it" });
      },
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    for (const uuid of ["first", "second"]) {
      await tell(sandbox, { uuid });
      await sandbox.settled();
    }
    expect(triggered(sandbox)).toEqual(["first:tour", "second:tour"]);
  });

  it.each(["before Novu is told", "after Novu was told"])("is let in again who has left, %s", async (when) => {
    await using sandbox = await testSandbox({ workflows: [tour({ entry: "one at a time" })] });
    sandbox.novu.injectFault(({ method }) => (method === "DELETE" ? { delayMs: 300 } : null));
    await tell(sandbox, { uuid: "first" });
    await sandbox.travel({ hours: 2 });
    await tell(sandbox, { uuid: "exited", event: "tour_left", timestamp: day(0.05) });
    if (when === "after Novu was told") await sandbox.settled();
    await tell(sandbox, { uuid: "second", timestamp: day(0.06) });
    await sandbox.travel({ days: 2 });
    expect(triggered(sandbox)).toEqual(["first:tour", "second:tour"]);
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toEqual(["hello", "hello", "tip"]);
  });
});

describe("the third time within 30 days", () => {
  const thirdTime = [event("tour_taken", { occurrence: { nth: 3, within: { days: 30 } } })];
  const workflows = [tour({ on: thirdTime, startWithin: "any time" })];
  const startAt = Date.parse(day(100));

  it("starts one run, in any order of the three events, and however often they arrive", {
    tags: ["long"],
  }, async () => {
    await using sandbox = await testSandbox({ workflows, startAt });
    for (const order of permutations([0, 10, 20])) {
      const distinctId = order.join("-");
      for (const [index, days] of order.entries()) {
        await tellTwice(sandbox, distinctId, days);
        expect(triggersOf(sandbox, distinctId)).toBe(index === 2 ? 1 : 0);
      }
    }
    expect(await decisions(sandbox)).toHaveLength(6);
  });

  it("comes once: a fourth within the period starts nothing, in any order of the events", {
    tags: ["long"],
  }, async () => {
    await using sandbox = await testSandbox({ workflows, startAt });
    for (const order of permutations([0, 10, 20, 29])) {
      const distinctId = order.join("-");
      for (const days of order) await tellTwice(sandbox, distinctId, days);
      expect([distinctId, triggersOf(sandbox, distinctId)]).toEqual([distinctId, 1]);
    }
    await sandbox.travel({ days: 2 });
    // Each fourth says for both messages why it is not sent; the first and the second say nothing.
    const all = await decisions(sandbox);
    expect(all.filter(([, , outcome]) => outcome === "sent")).toHaveLength(2 * 24);
    expect(all.filter(([, , , reason]) => reason === "entered before")).toHaveLength(2 * 24);
  });

  it("comes again once the period is over", async () => {
    await using sandbox = await testSandbox({ workflows, startAt });
    for (const days of [0, 10, 20, 45, 49, 51]) await tellTwice(sandbox, "ada", days);
    expect(triggered(sandbox)).toEqual(["ada-20:tour", "ada-51:tour"]);
  });

  it("says of no message why it is not sent that would not have been sent anyway", async () => {
    const strict = tour({ on: thirdTime });
    await using sandbox = await testSandbox({ workflows: [strict], startAt });
    await tell(sandbox, { uuid: "exited", event: "tour_left", timestamp: day(50) });
    for (const days of [0, 10, 99.9]) await tellTwice(sandbox, "ada", days);
    expect(await decisions(sandbox)).toEqual([]);
  });

  it("is not counted together with what else starts the workflow", async () => {
    const either = tour({ on: [...thirdTime, event("tour_asked_for")], startWithin: "any time", entry: "always" });
    await using sandbox = await testSandbox({ workflows: [either], startAt });
    await tell(sandbox, { uuid: "asked", event: "tour_asked_for", timestamp: day(5) });
    for (const days of [0, 10]) await tellTwice(sandbox, "ada", days);
    expect(triggered(sandbox)).toEqual(["asked:tour"]);
    await tellTwice(sandbox, "ada", 20);
    expect(triggered(sandbox)).toEqual(["asked:tour", "ada-20:tour"]);
  });

  it.each([
    ["two are not three", [0, 10]],
    ["three are too few when they are spread over 40 days", [0, 20, 40]],
    ["two here and two there are not three", [0, 1, 40, 41]],
  ])("is not yet: %s", { tags: ["long"] }, async (_name, days) => {
    await using sandbox = await testSandbox({ workflows, startAt });
    for (const order of permutations(days)) for (const one of order) await tellTwice(sandbox, order.join("-"), one);
    expect(triggered(sandbox)).toEqual([]);
    expect(await decisions(sandbox)).toEqual([]);
  });
});

/** Two messages, a day apart, for each person who takes the tour; ends when the person leaves it. */
function tour(changes: Partial<Omit<LifecycleDefinition<z.ZodObject>, "category" | "topic">>): LifecycleWorkflow {
  return lifecycle({
    id: "tour",
    name: "Tour",
    description: "Two notes for whoever takes the tour.",
    category: "transactional",
    on: [event("tour_taken")],
    exitOn: [event("tour_left")],
    payload: z.object({}),
    from: () => ({}),
    async workflow({ step }) {
      await step.inApp("hello", () => ({ body: "Hello" }));
      await step.wait("a-day", { days: 1 });
      await step.inApp("tip", () => ({ body: "A tip" }));
    },
    ...changes,
  });
}

/** Ada takes the tour, unless another event is given. */
async function tell(sandbox: Sandbox, what: NonNullable<Parameters<typeof delivery>[0]>): Promise<void> {
  sandbox.posthog.capture({ event: "$set", distinctId: what.distinctId ?? "ada" });
  const answer = await post(sandbox.app.url, delivery({ event: "tour_taken", ...what }));
  expect(answer.status).toBe(202);
}

async function tellTwice(sandbox: Sandbox, distinctId: string, days: number): Promise<void> {
  const what = { distinctId, uuid: `${distinctId}-${days}`, timestamp: day(days) };
  for (let time = 0; time < 2; time += 1) await tell(sandbox, what);
  await sandbox.settled();
}

function triggered(sandbox: Sandbox): string[] {
  return sandbox.novu.triggers.map(({ transactionId }) => transactionId);
}

function triggersOf(sandbox: Sandbox, distinctId: string): number {
  return sandbox.novu.state.runs.filter(({ subscriberId }) => subscriberId === distinctId).length;
}

async function decisions(sandbox: Sandbox) {
  const all = await sandbox.app.store.decisions.list();
  return all.map(({ transactionId, step, outcome, reason }) => [transactionId, step, outcome, reason]);
}
