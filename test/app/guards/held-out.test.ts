import { describe, expect, it } from "vitest";
import { z } from "zod";
import { campaign, decisions, happen, mail, reports } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const DEFAULT_MARKETING = {
  cap: { most: 3, withinMs: 7 * 24 * 60 * 60 * 1000 },
  hours: { from: "09:00", to: "20:00" },
  timeZone: "UTC",
};
const SENT = ["call", "sent", null, null];
const HELD_OUT = ["call", "skipped", "held out", "control"];

describe("people in the holdout", () => {
  it("get nothing, which says so; the others do, also of another variant", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign({ holdout: "control" })] });
    sandbox.posthog.setFlag("control", false);
    sandbox.posthog.setFlag("control", true, ["ada"]);
    sandbox.posthog.setFlag("control", "holdout", ["grace"]);
    sandbox.posthog.setFlag("control", "test", ["linus"]);
    const decided: Record<string, unknown> = {};
    for (const distinctId of ["ada", "grace", "linus", "edsger"]) {
      const uuid = happen(sandbox, "called", { distinctId });
      await sandbox.travel({ minutes: 1 });
      [decided[distinctId]] = await decisions(sandbox, { ofRun: `${uuid}:campaign` });
    }
    expect(decided).toEqual({ ada: HELD_OUT, grace: HELD_OUT, linus: SENT, edsger: SENT });
    expect(sandbox.novu.state.messages.map(({ subscriberId }) => subscriberId)).toEqual(["linus", "edsger"]);
    expect(reports(sandbox).filter((report) => report.endsWith("held out"))).toHaveLength(2);
  });

  it("of everything get no marketing of any workflow, and still what they have to get", async () => {
    const marketing = { ...DEFAULT_MARKETING, holdout: "no-marketing" };
    const workflows = [campaign({ holdout: "control" }), campaign({ id: "receipt", category: "transactional" })];
    await using sandbox = await testSandbox({ workflows, marketing });
    sandbox.posthog.setFlag("control", false);
    sandbox.posthog.setFlag("no-marketing", true);
    let calls = 0;
    sandbox.posthog.injectFault(({ path }) => {
      if (path.startsWith("/flags")) calls += 1;
      return null;
    });
    const uuid = happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect([await decisions(sandbox, { ofRun: `${uuid}:campaign` }), calls]).toEqual([
      [["call", "skipped", "held out", "no-marketing"]],
      1,
    ]);
    expect(await decisions(sandbox, { ofRun: `${uuid}:receipt` })).toEqual([SENT]);
  });

  it("are reported to PostHog, as are people who are not held out, each once in a run", async () => {
    const marketing = { ...DEFAULT_MARKETING, holdout: "no-marketing" };
    const twice = campaign({
      holdout: "control",
      async workflow({ step }) {
        await step.inApp("note", () => ({ body: "A note" }));
        await step.email("call", mail);
      },
    });
    await using sandbox = await testSandbox({ workflows: [twice], marketing });
    sandbox.posthog.setFlag("no-marketing", "test");
    sandbox.posthog.setFlag("no-marketing", "holdout", ["ada"]);
    sandbox.posthog.setFlag("control", false);
    sandbox.posthog.setFlag("control", true, ["grace"]);
    for (const distinctId of ["ada", "grace", "linus"]) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ minutes: 1 });
    const exposures = sandbox.posthog.state.events.filter(({ event }) => event === "$feature_flag_called");
    expect(
      exposures
        .map(({ distinctId, properties: { $feature_flag, $feature_flag_response, step } }) =>
          [distinctId, $feature_flag, $feature_flag_response, step].join(" "),
        )
        .sort(),
    ).toEqual([
      "ada no-marketing holdout note",
      "grace control true note",
      "linus control false note",
      "linus no-marketing test note",
    ]);
    const skipped = sandbox.posthog.state.events.filter(({ event }) => event === "notification skipped");
    expect(
      skipped.map(({ distinctId, properties }) => `${distinctId} ${properties["$feature/control"]}`).sort(),
    ).toEqual(["ada false", "ada false", "grace true", "grace true"]);
  });

  it("are exposed to nothing when PostHog cannot be asked", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign({ holdout: "control" })] });
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/flags") ? { status: 500 } : null));
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.posthog.state.events.filter(({ event }) => event === "$feature_flag_called")).toEqual([]);
  });

  it.each([
    ["cannot be asked", "hang up" as const],
    ["is too slow", { delayMs: 1_200 }],
    ["fails", { status: 500 }],
  ])("get what everybody gets when PostHog %s for flags", async (_name, trouble) => {
    await using sandbox = await testSandbox({ workflows: [campaign({ holdout: "control" })] });
    sandbox.posthog.setFlag("control", true);
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/flags") ? trouble : null));
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(await decisions(sandbox)).toEqual([SENT]);
  });

  it("are asked for after what they want and how they are reached, and take no place", async () => {
    await using sandbox = await testSandbox({
      workflows: [campaign({ holdout: "control" }), campaign({ id: "other" })],
    });
    sandbox.posthog.setFlag("control", true);
    happen(sandbox, "called", { unsubscribed_from: ["all"] });
    await sandbox.travel({ seconds: 2 });
    expect((await decisions(sandbox)).map(([, , reason]) => reason)).toEqual(["opted out", "opted out"]);
    for (let time = 0; time < 3; time += 1) {
      happen(sandbox, "called", { unsubscribed_from: [] });
      await sandbox.travel({ seconds: 2 });
    }
    expect(sandbox.novu.state.messages.map(({ workflowId }) => workflowId)).toEqual(Array(3).fill("other"));
  });
});

describe("a message that cannot be decided", () => {
  it("because its `skip` fails has failed, and takes no place", async () => {
    const failing = campaign({
      workflow: ({ step }) =>
        step.email("call", mail, {
          skip: () => {
            throw new Error("cannot say");
          },
        }),
    });
    await using sandbox = await testSandbox({ workflows: [failing] });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(await decisions(sandbox)).toEqual([["call", "failed", "error", "skip failed"]]);
    expect((await sandbox.app.store.people.listRecords("ada")).sends).toEqual([]);
  });

  it("because a step before its hours has failed has failed as well, and does not just never come", async () => {
    const failing = campaign({
      async workflow({ step }) {
        const { score } = await step.custom("score", z.object({ score: z.number() }), () => {
          throw new Error("cannot say");
        });
        await step.email("call", () => ({ ...mail(), subject: `Your score is ${score.toFixed()}` }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [failing] });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect((await decisions(sandbox)).map(([step, outcome, reason]) => [step, outcome, reason])).toEqual([
      ["call", "failed", "error"],
    ]);
  });
});
