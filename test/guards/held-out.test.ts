import { describe, expect, it } from "vitest";
import { z } from "zod";
import { campaign, decisions, happen, mail, reports } from "../support/campaign.ts";
import { testSandbox } from "../support/sandbox.ts";

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
      await sandbox.settled();
      [decided[distinctId]] = await decisions(sandbox, { ofRun: `${uuid}:campaign` });
    }
    expect(decided).toEqual({ ada: HELD_OUT, grace: HELD_OUT, linus: SENT, edsger: SENT });
    expect(sandbox.novu.state.messages.map(({ subscriberId }) => subscriberId)).toEqual(["linus", "edsger"]);
    expect(reports(sandbox).filter((report) => report.endsWith("held out"))).toHaveLength(2);
  });

  it.each([
    ["cannot be asked", "hang up" as const],
    ["is too slow", { delayMs: 1_200 }],
    ["fails", { status: 500 }],
  ])("get what everybody gets when PostHog %s for flags", async (_name, trouble) => {
    await using sandbox = await testSandbox({ workflows: [campaign({ holdout: "control" })] });
    sandbox.posthog.setFlag("control", true);
    sandbox.posthog.interfere(({ path }) => (path.startsWith("/flags") ? trouble : null));
    happen(sandbox, "called");
    await sandbox.settled();
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
    expect(await decisions(sandbox)).toEqual([["call", "failed", "error", "BridgeError"]]);
    expect((await sandbox.app.store.personRecords("ada")).sends).toEqual([]);
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
