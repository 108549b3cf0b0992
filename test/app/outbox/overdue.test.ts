import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { losingBridge } from "../../support/losing-bridge.ts";
import { metric } from "../../support/metrics.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { storedEvents } from "../../support/stored-events.ts";

/** A day, a message, a day, and another one. */
const journey = (changes: Parameters<typeof campaign>[0] = {}) =>
  campaign({
    entry: "one at a time",
    async workflow({ step }) {
      await step.wait("first-day", { days: 1 });
      await step.email("call", mail, { atAnyHour: true });
      await step.wait("second-day", { days: 1 });
      await step.email("again", mail, { atAnyHour: true });
    },
    ...changes,
  });
const BAD_GATEWAY = "Bridge execution failed";

describe("a run without bridge calls", () => {
  it("has missing decisions, an end and a count, and lets its person in again: a proxy answered a wait's call 502", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    let isAway = false;
    await using _proxy = await losingBridge(sandbox, ({ step }) => isAway && step === "second-day");
    happen(sandbox, "called");
    isAway = true;
    await sandbox.travel({ days: 1, minutes: 59 });
    expect(await statuses(sandbox)).toEqual(["in progress"]);
    await sandbox.travel({ minutes: 2 });

    expect(await decisions(sandbox)).toEqual([
      ["call", "sent", null, null],
      ["again", "failed", "lost at Novu", expect.stringContaining(`second-day: ${BAD_GATEWAY}`)],
    ]);
    expect(await statuses(sandbox)).toEqual(["failed"]);
    expect(await metric(sandbox.app.url, "bridge_runs_lost_total")).toEqual({ 'workflow="campaign"': 1 });
    expect(told(sandbox)).toEqual(["sent call", "failed again"]);
    expect(await sandbox.app.store.runs.countLost(0)).toBe(1);

    isAway = false;
    happen(sandbox, "called");
    await sandbox.travel({ days: 3 });
    expect(await statuses(sandbox)).toEqual(["finished", "failed"]);
  });

  it("is the last message's when its call is lost", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "again");
    happen(sandbox, "called");
    await sandbox.travel({ days: 2, hours: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["call", "sent", null, null],
      ["again", "failed", "lost at Novu", expect.stringContaining(BAD_GATEWAY)],
    ]);
    expect(await statuses(sandbox)).toEqual(["failed"]);
  });

  it("is found at the next step where the message of an earlier one was lost, and the run goes on", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "call");
    happen(sandbox, "called");
    await sandbox.travel({ days: 1, seconds: 1 });
    expect(await decisions(sandbox)).toEqual([["call", "failed", "lost at Novu", expect.any(String)]]);
    await sandbox.travel({ days: 2 });
    expect(told(sandbox)).toEqual(["failed call", "sent again"]);
    expect(await statuses(sandbox)).toEqual(["finished"]);
  });

  it("ends within minutes at a raw delay that Novu refuses", async () => {
    const tooLong = journey({
      async workflow({ step }) {
        await step.delay("wait", async () => ({ type: "regular", amount: 2, unit: "days" }));
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [tooLong] });
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 4 });
    expect(await statuses(sandbox)).toEqual(["in progress"]);
    await sandbox.travel({ minutes: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["call", "failed", "lost at Novu", "wait: Defer duration limit exceeded"],
    ]);
    expect(await statuses(sandbox)).toEqual(["failed"]);
  });

  it("is left alone at a raw delay that Novu takes, and looked at when it should have ended", async () => {
    const fine = journey({
      async workflow({ step }) {
        await step.delay("wait", async () => ({ type: "regular", amount: 20, unit: "hours" }));
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [fine] });
    let asked = 0;
    sandbox.novu.injectFault(({ path }) => {
      if (path === "/v1/notifications") asked += 1;
      return null;
    });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 19 });
    expect([asked, await statuses(sandbox)]).toEqual([1, ["in progress"]]);
    await sandbox.travel({ hours: 3 });
    expect([asked, told(sandbox), await statuses(sandbox)]).toEqual([1, ["sent call"], ["finished"]]);
  });

  it("was never at Novu: it took the trigger, and dropped it", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    const nothing = { status: "processed", acknowledged: true };
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" ? { status: 201, body: { data: nothing } } : null,
    );
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 61 });
    const detail = "Novu accepted the trigger but has no such run";
    expect(await decisions(sandbox)).toEqual([
      ["call", "failed", "lost at Novu", detail],
      ["again", "failed", "lost at Novu", detail],
    ]);
    expect(await statuses(sandbox)).toEqual(["failed"]);
  });

  it("has a message that could not be made in the middle, or at the end, which is reported as failed once Novu stops its retries", async () => {
    for (const step of ["now", "second-day"]) {
      const throws = () => {
        throw new Error("no such template");
      };
      const broken = campaign({
        category: "transactional",
        async workflow({ step: steps }) {
          await steps.email("now", step === "now" ? throws : mail);
          await steps.wait("a-day", { days: 1 });
          await steps.email("second-day", step === "now" ? mail : throws);
        },
      });
      await using sandbox = await testSandbox({ workflows: [broken] });
      happen(sandbox, "called");
      await sandbox.travel({ days: 1, hours: 2 });
      const told = sandbox.posthog.state.events.filter(({ event }) => event === "notification failed");
      expect(told.map(({ properties }) => [properties.step, properties.reason, properties.detail])).toEqual([
        [step, "error", "compose failed"],
      ]);
      expect((await decisions(sandbox)).filter(([, outcome]) => outcome === "failed")).toEqual([
        [step, "failed", "error", "compose failed"],
      ]);
    }
  });

  it("is asked about again as long as Novu gives no answer", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "first-day");
    sandbox.novu.injectFault(({ path }) => (path === "/v1/notifications" ? { status: 503 } : null));
    happen(sandbox, "called");
    await sandbox.travel({ hours: 2 });
    expect(await statuses(sandbox)).toEqual(["in progress"]);
    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 10 });
    expect(await statuses(sandbox)).toEqual(["failed"]);
  });

  it("is not lost while Novu has it waiting, nor where Novu lists it no more because of its age", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    happen(sandbox, "called");
    await sandbox.settled();
    const [run] = sandbox.novu.state.runs;
    // Novu is behind: it wakes the run ten hours late.
    const [wait] = run!.jobs;
    await sandbox.travel({ hours: 23 });
    wait!.status = "pending";
    await sandbox.travel({ hours: 3 });
    expect(await statuses(sandbox)).toEqual(["in progress"]);
    sandbox.novu.injectFault(({ path }) => (path === "/v1/notifications" ? { status: 200, body: { data: [] } } : null));
    await sandbox.travel({ hours: 20 });
    expect(await statuses(sandbox)).toEqual(["in progress"]);
    await sandbox.travel({ hours: 10 });
    expect(await statuses(sandbox)).toEqual(["failed"]);
  });

  it("is served all the same when Novu calls for it after all", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    sandbox.novu.injectFault(({ path }) => (path === "/v1/notifications" ? { status: 200, body: { data: [] } } : null));
    const quiet = journey({
      async workflow({ step }) {
        await step.delay("wait", async () => ({ type: "regular", amount: 2, unit: "hours" }));
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await sandbox.restartApp({ workflows: [quiet] });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 1 });
    expect(await statuses(sandbox)).toEqual(["failed"]);
    await sandbox.travel({ hours: 2 });
    expect(sandbox.novu.state.messages).toHaveLength(1);
    expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
  });

  it("is lost with the run that a digest took it into, however many there are", async () => {
    const gathering = journey({
      entry: "always",
      async workflow({ step }) {
        await step.digest("gather", { hours: 2 });
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [gathering] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "call");
    for (let run = 0; run < 3; run += 1) {
      happen(sandbox, "called");
      await sandbox.travel({ minutes: 5 });
    }
    await sandbox.travel({ hours: 10 });
    const ended = "a digest put this run into another run, which was lost";
    expect(await decisions(sandbox)).toEqual([
      ["call", "failed", "lost at Novu", expect.stringContaining(BAD_GATEWAY)],
      ["call", "failed", "lost at Novu", ended],
      ["call", "failed", "lost at Novu", ended],
    ]);
    expect(await statuses(sandbox)).toEqual(["failed", "failed", "failed"]);
  });

  it("has a decision on each message, where the run that a digest took it into has lost one of several", async () => {
    const gathering = journey({
      entry: "always",
      async workflow({ step }) {
        await step.digest("gather", { hours: 2 });
        await step.email("call", mail, { atAnyHour: true });
        await step.email("again", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [gathering] });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "call");
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 5 });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 12 });
    const all = (await decisions(sandbox)).map(([step, outcome, reason]) => `${step} ${outcome} ${reason}`);
    expect(all.sort()).toEqual([
      "again sent null",
      "again skipped digested",
      "call failed lost at Novu",
      "call skipped digested",
    ]);
    expect(await statuses(sandbox)).toEqual(["finished", "finished"]);
  });

  it("is not lost while the run that a digest put it into waits for days, when Novu lists only one of them", async () => {
    const gathering = journey({
      entry: "always",
      async workflow({ step }) {
        await step.digest("gather", { hours: 2 });
        await step.wait("three-days", { days: 3 });
        await step.email("call", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [gathering] });
    const startedAt = sandbox.clock.now();
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/notifications" && sandbox.clock.now() > startedAt + 24 * 60 * 60_000
        ? { status: 200, body: { data: [] } }
        : null,
    );
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 5 });
    happen(sandbox, "called");
    await sandbox.travel({ days: 2, hours: 23 });
    expect(await decisions(sandbox)).toEqual([]);
    await sandbox.travel({ hours: 4 });
    expect((await decisions(sandbox)).map(([, outcome, reason]) => [outcome, reason])).toEqual([
      ["skipped", "digested"],
      ["sent", null],
    ]);
    expect([await statuses(sandbox), await sandbox.app.store.runs.countLost(0)]).toEqual([["finished", "finished"], 0]);
  });

  it("has finished when all its steps are over and none is a message", async () => {
    const silent = journey({
      async workflow({ step }) {
        await step.wait("an-hour", { hours: 1 });
      },
    });
    await using sandbox = await testSandbox({ workflows: [silent] });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 3 });
    expect([await statuses(sandbox), await sandbox.app.store.runs.countLost(0)]).toEqual([["finished"], 0]);
  });

  it("is no run that ended: by its last message, by an exit, or by a limit", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    let asked = 0;
    sandbox.novu.injectFault(({ path }) => {
      if (path === "/v1/notifications") asked += 1;
      return null;
    });
    happen(sandbox, "called");
    happen(sandbox, "called", { distinctId: "grace" });
    await sandbox.settled();
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 10 });
    happen(sandbox, "answered", { distinctId: "grace" });
    await sandbox.travel({ days: 4 });
    expect(asked).toBe(0);
    expect((await statuses(sandbox)).sort()).toEqual(["exited", "finished", "not started"]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("costs no write for a message, and one for a wait", async () => {
    await using sandbox = await testSandbox({ workflows: [journey()] });
    const scheduled: string[] = [];
    const { schedule } = sandbox.app.store.jobs;
    sandbox.app.store.jobs.schedule = (job, ...rest) => {
      scheduled.push(job.kind);
      return schedule(job, ...rest);
    };
    happen(sandbox, "called");
    await sandbox.travel({ days: 3 });
    expect(scheduled.filter((kind) => kind === "overdue")).toHaveLength(2);
  });
});

async function statuses(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.app.store.runs.list({ limit: 10 })).map(({ status }) => status);
}

/** "sent call", "failed again" … */
function told(sandbox: Sandbox): string[] {
  return storedEvents(sandbox.posthog)
    .filter(({ event }) => /^notification (sent|skipped|failed)$/.test(event))
    .map(({ event, properties }) => `${event.slice("notification ".length)} ${properties.step}`);
}
