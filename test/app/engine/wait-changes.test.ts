import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { decisions, mail } from "../../support/campaign.ts";
import { losingBridge } from "../../support/losing-bridge.ts";
import { testSandbox } from "../../support/sandbox.ts";

type Code = LifecycleDefinition<z.ZodObject, Record<never, never>, "answered">["workflow"];
type Step = Parameters<Code>[0]["step"];

/** Starts on "called", and waits for "answered". */
function withSteps(code: (step: Step) => Promise<unknown>, payload: z.ZodObject = z.object({}), waits = true) {
  return lifecycle<z.ZodObject, Record<never, never>, "answered">({
    ...{ id: "campaign", name: "Campaign", description: "", category: "transactional" },
    on: [event("called")],
    ...(waits && { waitFor: { answered: [event("answered")] } }),
    payload,
    from: ({ properties }) => properties,
    workflow: ({ step }) => code(step),
  });
}

const first = (step: Step) => step.email("first", mail);
const answered = (step: Step) => step.waitFor("answered", { atMost: { days: 2 } });
const last = (step: Step, result?: { came: boolean }) =>
  step.email("last", () => ({ ...mail(), subject: `came ${result?.came}` }));

const OLD = withSteps(async (step) => {
  await first(step);
  const result = await answered(step);
  await last(step, result);
});
const WITHOUT_WAIT = withSteps(
  async (step) => {
    await first(step);
    await step.wait("two-days", { days: 2 });
    await last(step);
  },
  z.object({}),
  false,
);

describe("a workflow that is changed while a run waits for an event", () => {
  it.each<[string, typeof OLD, string, Array<[string, string | null]>]>([
    [
      "the wait is removed",
      withSteps(
        async (step) => {
          await first(step);
          await last(step);
        },
        z.object({}),
        false,
      ),
      "came undefined",
      [],
    ],
    [
      "a message is added before the wait, and one after it",
      withSteps(async (step) => {
        await step.inApp("tip", () => ({ body: "b" }));
        await first(step);
        const result = await answered(step);
        await last(step, result);
        await step.inApp("more", () => ({ body: "b" }));
      }),
      "came false",
      [
        ["tip", "added later"],
        ["more", null],
      ],
    ],
    [
      "the payload gets a field with a default",
      withSteps(
        async (step) => {
          await first(step);
          const result = await answered(step);
          await last(step, result);
        },
        z.object({ plan: z.string().default("free") }),
      ),
      "came false",
      [],
    ],
    [
      "the wait is shortened, and a digest comes after it",
      withSteps(async (step) => {
        await first(step);
        const result = await step.waitFor("answered", { atMost: { hours: 1 } });
        await step.digest("gather", { hours: 1 });
        await last(step, result);
      }),
      "came false",
      [],
    ],
    [
      "the first message is removed",
      withSteps(async (step) => {
        const result = await answered(step);
        await last(step, result);
      }),
      "came false",
      [],
    ],
  ])("%s", async (_name, changed, subject, others) => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    const uuid = sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: person });
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({ workflows: [changed] });
    await sandbox.travel({ hours: 23 });
    expect(subjects(sandbox)).toEqual(["An offer"]);
    await sandbox.travel({ hours: 3 });
    expect(subjects(sandbox)).toEqual(["An offer", subject]);
    const made = (await decisions(sandbox, { ofRun: `${uuid}:campaign` })).map(([step, , reason]) => [step, reason]);
    expect(made.sort()).toEqual([["first", null], ["last", null], ...others].sort());
    expect((await sandbox.app.store.runs.history({ distinctId: "ada" })).runs[0]?.status).toBe("finished");
  });

  it("a wait that is added does not hold up the runs in progress, which know whether the event came", async () => {
    await using sandbox = await testSandbox({ workflows: [WITHOUT_WAIT] });
    for (const distinctId of ["ada", "grace"])
      sandbox.posthog.capture({ event: "called", distinctId, properties: person });
    await sandbox.travel({ days: 1 });
    await sandbox.restartApp({
      workflows: [
        withSteps(async (step) => {
          await first(step);
          const result = await answered(step);
          await step.wait("two-days", { days: 2 });
          await last(step, result);
        }),
      ],
    });
    sandbox.posthog.capture({ event: "answered", distinctId: "grace" });
    await sandbox.travel({ days: 1, minutes: 5 });
    const sent = sandbox.novu.state.messages.map(({ subscriberId, content }) => `${subscriberId} ${content.subject}`);
    expect(sent.slice(2).sort()).toEqual(["ada came false", "grace came true"]);
    expect(sandbox.novu.state.runs).toHaveLength(2);
  });
});

describe("a call that Novu loses", () => {
  it("of the wait, whose next step then begins the wait", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "answered");
    sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: person });
    await sandbox.travel({ hours: 47 });
    expect(subjects(sandbox)).toEqual(["An offer"]);
    await sandbox.travel({ hours: 2 });
    expect(subjects(sandbox)).toEqual(["An offer", "came false"]);
  });

  it("of a message in the next part, which has then failed", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    const uuid = sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: person });
    await sandbox.settled();
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "last");
    await sandbox.travel({ days: 2, hours: 8 });
    expect(await decisions(sandbox, { ofRun: `${uuid}:campaign` })).toEqual([
      ["first", "sent", null, null],
      ["last", "failed", "lost at Novu", expect.any(String)],
    ]);
    expect((await sandbox.app.store.runs.history({ distinctId: "ada" })).runs[0]?.status).toBe("failed");
  });

  it("while Novu is away: the next part starts when Novu is back", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: person });
    await sandbox.settled();
    sandbox.novu.injectFault(() => ({ status: 503 }));
    sandbox.posthog.capture({ event: "answered", distinctId: "ada" });
    await sandbox.travel({ minutes: 1 });
    await sandbox.restartApp({ isSynced: false });
    await sandbox.travel({ minutes: 1 });
    expect(subjects(sandbox)).toEqual(["An offer"]);
    sandbox.novu.injectFault(() => null);
    await sandbox.sync();
    await sandbox.travel({ minutes: 5 });
    expect(subjects(sandbox)).toEqual(["An offer", "came true"]);
  });

  it("of a person who was deleted: nothing more is sent", async () => {
    await using sandbox = await testSandbox({ workflows: [OLD] });
    sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: person });
    await sandbox.settled();
    expect(await sandbox.app.store.people.delete("ada")).toMatchObject({ runs: 1 });
    await sandbox.travel({ days: 3 });
    expect(subjects(sandbox)).toEqual(["An offer"]);
    expect(sandbox.novu.state.runs).toHaveLength(1);
  });
});

const person = { $set: { email: "ada@example.com" } };

function subjects(sandbox: Awaited<ReturnType<typeof testSandbox>>) {
  return sandbox.novu.state.messages.filter(({ channel }) => channel === "email").map(({ content }) => content.subject);
}
