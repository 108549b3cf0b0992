import { describe, expect, it } from "vitest";
import type { GuardedStep } from "../../../src/engine/guarded-step.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, decisions, happen, mail, reports } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

describe("a run that Novu ends at a throttle", () => {
  const throttled = (compose = mail) =>
    campaign({
      async workflow({ step }) {
        await step.throttle("hourly", { most: 1, within: { hours: 1 } });
        await step.email("call", compose, { atAnyHour: true });
      },
    });

  it("is said to be throttled 10 minutes later, and one that passed is not", async () => {
    await using sandbox = await testSandbox({ workflows: [throttled()] });
    const first = happen(sandbox, "called");
    await sandbox.settled();
    const second = happen(sandbox, "called");
    await sandbox.travel({ minutes: 9 });
    expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
    await sandbox.travel({ minutes: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["call", "sent", null, null],
      ["call", "skipped", "throttled", null],
    ]);
    expect(reports(sandbox)).toEqual([`${first}:campaign call sent `, `${second}:campaign call skipped throttled`]);
    expect(sandbox.novu.state.messages).toHaveLength(1);
  });

  it("is not said to be when its message failed behind the throttle", async () => {
    const failing = throttled(() => {
      throw new Error("cannot be written");
    });
    await using sandbox = await testSandbox({ workflows: [failing] });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 30 });
    expect(await decisions(sandbox)).toEqual([["call", "failed", "error", "compose failed"]]);
  });

  it("has left, when the person left before it was missed", async () => {
    await using sandbox = await testSandbox({ workflows: [throttled()] });
    happen(sandbox, "called");
    await sandbox.settled();
    const second = happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    happen(sandbox, "answered");
    await sandbox.travel({ minutes: 30 });
    expect(await decisions(sandbox, { ofRun: `${second}:campaign` })).toEqual([
      ["call", "skipped", "exited", "answered"],
    ]);
  });
});

describe("a throttle, behind which nothing may wait,", () => {
  it.each([
    ["a wait", "a-day", campaignThat((step) => step.wait("a-day", { days: 1 }))],
    [
      "a delay",
      "soon",
      campaignThat((step) => step.delay("soon", () => ({ type: "regular", amount: 1, unit: "hours" }))),
    ],
    ["a digest", "daily", campaignThat((step) => step.digest("daily", { days: 1 }))],
    ["a message at the person's hours", "call", campaignThat((step) => step.email("call", mail))],
  ])("keeps the app from starting with %s after it", async (_name, id, workflow) => {
    const error = await testSandbox({ workflows: [workflow] }).then(
      () => null,
      (refusal: Error) => refusal,
    );
    expect(error?.message).toContain('the workflow "campaign" cannot be used');
    expect(String((error?.cause as Error | undefined)?.message)).toMatch(
      new RegExp(`^"${id}" waits after the throttle "hourly"; put the waits before the throttle`),
    );
  });
});

describe("a digest", () => {
  const daily = (compose = mail) =>
    campaign({
      async workflow({ step }) {
        await step.digest("daily", { days: 1 });
        await step.email("call", compose);
      },
    });

  it("sends once, and each of the other runs names the one that says it", async () => {
    await using sandbox = await testSandbox({ workflows: [daily()] });
    const [master, ...others] = await threeRuns(sandbox);
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages.map(({ transactionId }) => transactionId)).toEqual([`${master}:campaign`]);
    expect(await decisions(sandbox, { ofRun: `${master}:campaign` })).toEqual([["call", "sent", null, null]]);
    for (const other of others)
      expect(await decisions(sandbox, { ofRun: `${other}:campaign` })).toEqual([
        ["call", "skipped", "digested", `${master}:campaign`],
      ]);
    expect(reports(sandbox)).toHaveLength(3);
  });

  it("is over for all when the person leaves", async () => {
    await using sandbox = await testSandbox({ workflows: [daily()] });
    const runs = await threeRuns(sandbox);
    happen(sandbox, "answered");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    for (const run of runs)
      expect(await decisions(sandbox, { ofRun: `${run}:campaign` })).toEqual([
        ["call", "skipped", "exited", "answered"],
      ]);
    expect(reports(sandbox)).toHaveLength(3);
  });

  it("ends the run of a person who exited before the trigger reached Novu", async () => {
    await using sandbox = await testSandbox({ workflows: [daily()] });
    const runs = await threeRuns(sandbox);
    sandbox.novu.injectFault(({ method }) => (method === "DELETE" ? { status: 400 } : null));
    happen(sandbox, "answered");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    const ended = await Promise.all(runs.map((run) => decisions(sandbox, { ofRun: `${run}:campaign` })));
    expect(ended.map((steps) => steps.map(([step, outcome]) => [step, outcome]))).toEqual(
      Array(3).fill([["call", "skipped"]]),
    );
    expect(reports(sandbox)).toHaveLength(3);
  });

  it("says of the others that they are in it, also when it cannot be written", async () => {
    const failing = daily(() => {
      throw new Error("cannot be written");
    });
    await using sandbox = await testSandbox({ workflows: [failing] });
    const [master, ...others] = await threeRuns(sandbox);
    await sandbox.travel({ days: 2 });
    expect(await decisions(sandbox, { ofRun: `${master}:campaign` })).toEqual([
      ["call", "failed", "error", "compose failed"],
    ]);
    for (const other of others)
      expect(await decisions(sandbox, { ofRun: `${other}:campaign` })).toEqual([
        ["call", "skipped", "digested", `${master}:campaign`],
      ]);
  });

  it("that ends at a throttle is throttled with all that is in it", async () => {
    const both = campaign({
      async workflow({ step }) {
        await step.digest("shortly", { minutes: 10 });
        await step.throttle("hourly", { most: 1, within: { hours: 1 } });
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [both] });
    await threeRuns(sandbox);
    await sandbox.travel({ minutes: 15 });
    const runs = await threeRuns(sandbox);
    await sandbox.travel({ hours: 1 });
    for (const run of runs)
      expect(await decisions(sandbox, { ofRun: `${run}:campaign` })).toEqual([["call", "skipped", "throttled", null]]);
    expect(sandbox.novu.state.messages).toHaveLength(1);
  });

  it("takes in no run that a colleague tries by hand, and forgets none that is taken into such a one", async () => {
    await using sandbox = await testSandbox({ workflows: [daily()] });
    happen(sandbox, "$set");
    await byHand(sandbox, "campaign");
    const real = happen(sandbox, "called");
    await sandbox.travel({ days: 2 });
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "digested", null]]);
    expect(reports(sandbox)).toEqual([`${real}:campaign call skipped digested`]);
  });
});

function campaignThat(then: (step: GuardedStep) => Promise<unknown>) {
  return campaign({
    async workflow({ step }) {
      await step.throttle("hourly", { most: 1, within: { hours: 1 } });
      await then(step);
    },
  });
}

/** Three runs of one person, a minute apart. */
async function threeRuns(sandbox: Sandbox): Promise<string[]> {
  const uuids: string[] = [];
  for (let minute = 0; minute < 3; minute += 1) {
    uuids.push(happen(sandbox, "called"));
    await sandbox.travel({ minutes: 1 });
  }
  return uuids;
}
