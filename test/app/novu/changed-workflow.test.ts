import { describe, expect, it } from "vitest";
import { z } from "zod";
import { discoverBridge } from "../../support/bridge-call.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { proxyBefore } from "../../support/front.ts";
import { testSandbox } from "../../support/sandbox.ts";

type Steps = Parameters<NonNullable<Parameters<typeof campaign>[0]>["workflow"] & object>[0]["step"];

/** A workflow with these steps. */
const withSteps = (declare: (step: Steps) => Promise<unknown>, payload: z.ZodObject = z.object({})) =>
  campaign({ category: "transactional", payload, workflow: ({ step }) => declare(step) });

const first = (step: Steps) => step.email("first", mail);
const last = (step: Steps) => step.email("last", mail);

const OLD = withSteps(async (step) => {
  await first(step);
  await step.wait("two-days", { days: 2 });
  await last(step);
});

describe("a workflow that is changed while a person is in it", () => {
  it.each([
    [
      "a note is added before the last message",
      withSteps(async (step) => {
        await first(step);
        await step.wait("two-days", { days: 2 });
        await step.inApp("tip", () => ({ subject: "s", body: "b" }));
        await last(step);
      }),
      ["tip", "skipped", "added later", null],
    ],
    [
      "a wait is lengthened",
      withSteps(async (step) => {
        await first(step);
        await step.wait("two-days", { days: 4 });
        await last(step);
      }),
      null,
    ],
    [
      "a digest is inserted",
      withSteps(async (step) => {
        await first(step);
        await step.wait("two-days", { days: 2 });
        await step.digest("gather", { hours: 3 });
        await last(step);
      }),
      null,
    ],
    [
      "a message is added at the end",
      withSteps(async (step) => {
        await first(step);
        await step.wait("two-days", { days: 2 });
        await last(step);
        await step.email("later", mail);
      }),
      ["later", "skipped", "added later", null],
    ],
    [
      "a custom step is inserted, whose value a message needs",
      withSteps(async (step) => {
        await first(step);
        await step.wait("two-days", { days: 2 });
        const found = await step.custom("found", z.object({ word: z.string() }), () => ({ word: "An offer" }));
        await step.email("last", () => ({ ...mail(), subject: found.word }));
      }),
      null,
    ],
  ] as const)("goes on for them as it began: %s", async (_what, changed, decision) => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({ workflows: [changed] });
    await sandbox.travel({ days: 1, minutes: 5 });

    expect(sandbox.novu.state.messages.map(({ stepId, content }) => [stepId, content.subject])).toEqual([
      ["first", "An offer"],
      ["last", "An offer"],
    ]);
    const decided = await decisions(sandbox);
    expect(decided.filter(([, outcome]) => outcome !== "sent")).toEqual(decision === null ? [] : [decision]);
  });

  it("says of a message that was taken out or renamed that it was removed", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({
      workflows: [
        withSteps(async (step) => {
          await first(step);
          await step.email("renamed", mail);
        }),
      ],
    });
    await sandbox.travel({ days: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["first", "sent", null, null],
      ["renamed", "skipped", "added later", null],
      ["last", "skipped", "removed", null],
    ]);
  });

  it("says that a message was added later to a run of an earlier version, which does not say its shape", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    for (const { payload } of sandbox.novu.state.runs) payload.run = { ...(payload.run as object), shape: undefined };
    await sandbox.restartApp({
      workflows: [
        withSteps(async (step) => {
          await first(step);
          await step.wait("two-days", { days: 2 });
          const tip = await step.inApp("tip", () => ({ subject: "s", body: "b" }));
          await step.email("last", mail, { skip: () => tip.seen && "seen" });
        }),
      ],
    });
    await sandbox.travel({ days: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["first", "sent", null, null],
      ["tip", "skipped", "added later", null],
      ["last", "sent", null, null],
    ]);
  });

  it("keeps a run's waits when NOVU_PLAN cuts them otherwise", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD], plan: "pro" });
    sandbox.config.novu.plan = "free";
    await sandbox.restartApp();
    happen(sandbox, "called");
    await sandbox.travel({ hours: 1 });
    sandbox.config.novu.plan = "pro";
    await sandbox.restartApp();
    await sandbox.travel({ days: 1, hours: 22 });
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toEqual(["first"]);
    await sandbox.travel({ hours: 1, minutes: 1 });
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toEqual(["first", "last"]);
  });

  it.each([
    ["a default", z.object({ amount: z.number().default(5) }), ["last", "sent", null, null]],
    ["no default", z.object({ amount: z.number() }), ["last", "skipped", "payload does not fit", "amount"]],
  ])("has a new payload field with %s", async (_what, payload, decision) => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({
      workflows: [
        campaign({
          category: "transactional",
          payload,
          from: () => ({ amount: 1 }),
          async workflow({ step, payload }) {
            await first(step);
            await step.wait("two-days", { days: 2 });
            await step.email("last", () => ({ ...mail(), subject: `${(payload as { amount: number }).amount} euros` }));
          },
        }),
      ],
    });
    await sandbox.travel({ days: 2 });
    expect((await decisions(sandbox)).at(-1)).toEqual(decision);
    if (decision[1] === "sent") expect(sandbox.novu.state.messages.at(-1)?.content.subject).toBe("5 euros");
  });

  it("does not begin an answer to a step that it never had with a failure", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({ workflows: [withSteps(first)] });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.bridgeCalls.map(({ status }) => status)).toEqual(sandbox.novu.bridgeCalls.map(() => 200));
  });
});

describe("a custom step whose call was lost", () => {
  it("is found out again by the messages behind it, once", async () => {
    let times = 0;
    const workflow = withSteps(async (step) => {
      const offer = await step.custom("offer", z.object({ nth: z.number() }), () => {
        times += 1;
        return { nth: times };
      });
      await step.email("first", () => ({ ...mail(), subject: `Offer ${offer.nth}` }));
      await step.wait("a-day", { days: 1 });
      await step.email("last", () => ({ ...mail(), subject: `Offer ${offer.nth}` }));
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    await using _proxy = await proxyBefore(sandbox, (url) => url.searchParams.get("stepId") === "offer");
    happen(sandbox, "called");
    await sandbox.travel({ days: 1, minutes: 1 });
    expect(sandbox.novu.state.runs[0]?.jobs[0]).toMatchObject({ status: "failed", outputs: {} });
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["Offer 1", "Offer 1"]);
    expect(times).toBe(1);
  });

  it("is found out again where its result requires nothing", async () => {
    const workflow = withSteps(async (step) => {
      const result = z.object({ code: z.string().optional(), percent: z.number().default(1) });
      const offer = await step.custom("offer", result, () => ({ code: "SPRING", percent: 20 }));
      await step.email("first", () => ({ ...mail(), subject: `${offer.code} ${offer.percent}` }));
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    await using _proxy = await proxyBefore(sandbox, (url) => url.searchParams.get("stepId") === "offer");
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["SPRING 20"]);
  });

  it("is found out again before one that needs it", async () => {
    let times = 0;
    const workflow = withSteps(async (step) => {
      const base = await step.custom("base", z.object({ nth: z.number().optional() }), () => {
        times += 1;
        return { nth: times };
      });
      const offer = await step.custom("offer", z.object({ text: z.string() }), () => ({ text: `Offer ${base.nth}` }));
      await step.email("first", () => ({ ...mail(), subject: `${offer.text} of ${base.nth}` }));
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    await using _proxy = await proxyBefore(sandbox, (url) => url.searchParams.get("stepId") === "base");
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["Offer 1 of 1"]);
    expect(times).toBe(1);
  });

  it("keeps its value where messages in front of it have needed it", async () => {
    let times = 0;
    const version = (isFirst: boolean) =>
      withSteps(async (step) => {
        await step.wait("a-day", { days: 1 });
        let nth: number | undefined;
        const find = async () => {
          const found = await step.custom("offer", z.object({ nth: z.number() }), () => {
            times += 1;
            return { nth: times };
          });
          nth = found.nth;
        };
        if (isFirst) await find();
        await step.email("first", () => ({ ...mail(), subject: `Offer ${nth}` }));
        if (!isFirst) await find();
        await step.email("last", () => ({ ...mail(), subject: `Offer ${nth}` }));
      });
    await using sandbox = await testSandbox({ workflows: [version(false)] });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 1 });
    await sandbox.restartApp({ workflows: [version(true)] });
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["Offer 1", "Offer 1"]);
  });

  it("is found out where it is new and its result requires nothing", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    happen(sandbox, "called");
    await sandbox.travel({ days: 1 });
    const changed = withSteps(async (step) => {
      await first(step);
      await step.wait("two-days", { days: 2 });
      const found = await step.custom("found", z.object({ word: z.string().optional() }), () => ({ word: "Spring" }));
      await step.email("last", () => ({ ...mail(), subject: `${found.word}` }));
    });
    await sandbox.restartApp({ workflows: [changed] });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["An offer", "Spring"]);
  });

  it("is published without anything that is required", async () => {
    const workflow = withSteps(async (step) => {
      await step.custom("offer", z.object({ nth: z.number() }), () => ({ nth: 1 }));
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    const discovered = await discoverBridge(sandbox);
    expect(discovered.workflows[0]?.steps[0]?.results.schema).not.toHaveProperty("required");
  });
});
