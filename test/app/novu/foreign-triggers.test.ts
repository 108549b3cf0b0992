import { describe, expect, it } from "vitest";
import { addressHash } from "../../../src/contracts/opt-out.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { callBridge } from "../../support/bridge-call.ts";
import { byHand, campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { metric } from "../../support/metrics.ts";
import { testSandbox } from "../../support/sandbox.ts";

const offers = campaign({
  on: [],
  async workflow({ step }) {
    await step.email("offer", mail, { atAnyHour: true });
    await step.wait("a-day", { days: 1 });
    await step.email("reminder", mail, { atAnyHour: true });
  },
});

/** Ada is known, and Novu's environment is the one of real people. */
async function production(properties: Record<string, unknown> = {}): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows: [offers] });
  sandbox.novu.settings.environment = "prod";
  happen(sandbox, "$identify", properties);
  await sandbox.settled();
  return sandbox;
}

describe("a trigger that does not come from here", () => {
  it("is recorded as a run of its own, with Novu's transaction id, and confirmed by a receipt", async () => {
    await using sandbox = await production();
    await byHand(sandbox, "campaign");
    await sandbox.travel({ days: 1, minutes: 1 });
    const [run] = sandbox.novu.state.runs;
    const decided = await sandbox.app.store.decisions.list();
    expect(decided.map(({ transactionId, step, outcome, receipt }) => [transactionId, step, outcome, receipt])).toEqual(
      [
        [run?.transactionId, "offer", "sent", "confirmed"],
        [run?.transactionId, "reminder", "sent", "confirmed"],
      ],
    );
    const told = sandbox.posthog.state.events.filter(({ event }) => event.startsWith("notification "));
    expect(told.map(({ event, properties }) => [event, properties.transaction_id])).toEqual([
      ["notification triggered", run?.transactionId],
      ["notification sent", run?.transactionId],
      ["notification sent", run?.transactionId],
    ]);
  });

  it("obeys opt-outs, caps and bounces", async () => {
    await using sandbox = await production({ unsubscribed_from: ["offers"] });
    await byHand(sandbox, "campaign");
    expect(await decisions(sandbox)).toEqual([["offer", "skipped", "opted out", "offers"]]);
    expect(sandbox.novu.state.messages).toEqual([]);

    await using capped = await production();
    for (let nth = 0; nth < 4; nth += 1) await byHand(capped, "campaign");
    expect((await decisions(capped)).map(([, outcome, reason]) => [outcome, reason])).toEqual([
      ["sent", null],
      ["sent", null],
      ["sent", null],
      ["skipped", "over the cap"],
    ]);

    await using bounced = await production();
    const at = new Date(bounced.clock.now()).toISOString();
    await bounced.app.store.people.saveBounce({ distinctId: "ada", addressHash: addressHash("ada@example.com"), at });
    await byHand(bounced, "campaign");
    expect(await decisions(bounced)).toEqual([["offer", "skipped", "unreachable", "the address bounces"]]);
  });

  it("is ended by what ends the workflow", async () => {
    await using sandbox = await production();
    await byHand(sandbox, "campaign");
    await sandbox.travel({ hours: 1 });
    happen(sandbox, "answered");
    await sandbox.travel({ days: 1 });
    expect(await decisions(sandbox)).toEqual([
      ["offer", "sent", null, null],
      ["reminder", "skipped", "exited", "answered"],
    ]);
  });

  it("is a run of each job while Novu cannot be asked, and obeys opt-outs all the same", async () => {
    await using sandbox = await production({ unsubscribed_from: ["offers"] });
    sandbox.novu.injectFault(({ path }) => (path.startsWith("/v1/notifications") ? { status: 503 } : null));
    await byHand(sandbox, "campaign");
    expect(
      (await sandbox.app.store.decisions.list()).map(({ transactionId, reason }) => [transactionId, reason]),
    ).toEqual([[`novu-job:${sandbox.novu.state.runs[0]?.jobs[0]?.id}`, "opted out"]]);
  });

  it("is no lost run where a run of one job alone is all that is known of it", async () => {
    await using sandbox = await production();
    let isAway = true;
    sandbox.novu.injectFault(({ path }) => (isAway && path.startsWith("/v1/notifications") ? { status: 503 } : null));
    await byHand(sandbox, "campaign");
    isAway = false;
    await sandbox.travel({ days: 3 });
    expect(await decisions(sandbox)).toEqual([
      ["offer", "sent", null, null],
      ["reminder", "sent", null, null],
    ]);
    expect((await sandbox.app.store.decisions.list()).map(({ receipt }) => receipt)).toEqual([
      "confirmed",
      "confirmed",
    ]);
    expect(await metric(sandbox.app.url, "bridge_runs_lost_total")).toEqual({});
  });

  it("keeps the shape that its workflow had when it began", async () => {
    await using sandbox = await production();
    await byHand(sandbox, "campaign");
    await sandbox.travel({ hours: 1 });
    const changed = campaign({
      on: [],
      async workflow({ step }) {
        await step.inApp("tip", () => ({ subject: "s", body: "b" }));
        await step.wait("a-day", { days: 1 });
        await step.email("reminder", mail, { atAnyHour: true });
        await step.email("later", mail, { atAnyHour: true });
      },
    });
    await sandbox.restartApp({ workflows: [changed] });
    await sandbox.travel({ days: 1 });
    expect(await decisions(sandbox)).toEqual([
      ["offer", "sent", null, null],
      ["tip", "skipped", "added later", null],
      ["later", "skipped", "added later", null],
      ["reminder", "sent", null, null],
    ]);
  });

  it("ends where a digest has put it into another run", async () => {
    const digest = campaign({
      on: [],
      async workflow({ step }) {
        const gathered = await step.digest("gather", { hours: 5 });
        await step.email("offer", () => ({ ...mail(), subject: `${gathered.length} offers` }), { atAnyHour: true });
      },
    });
    await using sandbox = await production();
    await sandbox.restartApp({ workflows: [digest] });
    for (let nth = 0; nth < 2; nth += 1) await byHand(sandbox, "campaign");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["2 offers"]);
    const [main, merged] = sandbox.novu.state.runs.map(({ transactionId }) => transactionId);
    expect(await decisions(sandbox, { ofRun: `${main}` })).toEqual([["offer", "sent", null, null]]);
    expect(await decisions(sandbox, { ofRun: `${merged}` })).toEqual([["offer", "skipped", "digested", null]]);
    expect(await sandbox.app.store.runs.findOpen(`${merged}`)).toBeNull();
    expect(await metric(sandbox.app.url, "bridge_runs_lost_total")).toEqual({});
  });

  it("is a run of each of several people, of whom each leaves alone", async () => {
    await using sandbox = await production();
    happen(sandbox, "$identify", { distinctId: "bob" });
    happen(sandbox, "$identify", { distinctId: "eve", unsubscribed_from: ["offers"] });
    await sandbox.settled();
    await byHand(
      sandbox,
      "campaign",
      ["ada", "bob", "eve"].map((subscriberId) => ({ subscriberId, email: `${subscriberId}@example.com` })),
    );
    await sandbox.travel({ hours: 1 });
    happen(sandbox, "answered", { distinctId: "ada" });
    await sandbox.travel({ days: 3 });
    expect(sandbox.novu.state.messages.map(({ subscriberId, stepId }) => [subscriberId, stepId])).toEqual([
      ["ada", "offer"],
      ["bob", "offer"],
      ["bob", "reminder"],
    ]);
    const of = async (distinctId: string) =>
      (await sandbox.app.store.decisions.list({ distinctId })).map(({ step, outcome, reason, receipt }) => [
        step,
        outcome,
        reason ?? receipt,
      ]);
    expect(await of("ada")).toEqual([
      ["offer", "sent", "confirmed"],
      ["reminder", "skipped", "exited"],
    ]);
    expect(await of("bob")).toEqual([
      ["offer", "sent", "confirmed"],
      ["reminder", "sent", "confirmed"],
    ]);
    expect(await of("eve")).toEqual([
      ["offer", "skipped", "opted out"],
      ["reminder", "skipped", "opted out"],
    ]);
    expect(await metric(sandbox.app.url, "bridge_runs_lost_total")).toEqual({});
  });

  it("is confirmed for each of several people by their own message", async () => {
    await using sandbox = await production();
    happen(sandbox, "$identify", { distinctId: "bob" });
    await sandbox.settled();
    sandbox.novu.refuseMessages(({ subscriberId }) => (subscriberId === "ada" ? "451 try later" : null));
    await byHand(
      sandbox,
      "campaign",
      ["ada", "bob"].map((subscriberId) => ({ subscriberId, email: `${subscriberId}@example.com` })),
    );
    await sandbox.travel({ hours: 1 });
    const decided = await sandbox.app.store.decisions.list();
    expect(decided.map(({ distinctId, outcome, reason }) => [distinctId, outcome, reason])).toEqual([
      ["ada", "failed", "provider failed"],
      ["bob", "sent", null],
    ]);
  });

  it("is opted out of by that one of several people who complains", async () => {
    await using sandbox = await testSandbox({ workflows: [offers], novuWebhooks: true, plan: "team" });
    sandbox.novu.settings.environment = "prod";
    for (const distinctId of ["ada", "bob"]) happen(sandbox, "$identify", { distinctId });
    await sandbox.settled();
    await byHand(
      sandbox,
      "campaign",
      ["ada", "bob"].map((subscriberId) => ({ subscriberId, email: `${subscriberId}@example.com` })),
    );
    const toBob = sandbox.novu.state.messages.find(({ subscriberId }) => subscriberId === "bob");
    sandbox.novu.report(`${toBob?.id}`, "failed", "spam report");
    await sandbox.settled();
    const complained = sandbox.posthog.state.events.filter(({ event }) => event === "notification complained");
    expect(complained.map(({ distinctId }) => distinctId)).toEqual(["bob"]);
    await sandbox.travel({ days: 2 });
    expect(
      (await sandbox.app.store.decisions.list())
        .filter(({ step }) => step === "reminder")
        .map(({ distinctId, outcome, reason }) => [distinctId, outcome, reason])
        .sort(),
    ).toEqual([
      ["ada", "sent", null],
      ["bob", "skipped", "opted out"],
    ]);
  });

  it("is a test in a development environment alone", async () => {
    await using sandbox = await production({ unsubscribed_from: ["offers"] });
    const body = { payload: {}, subscriber: { subscriberId: "ada", email: "ada@example.com" } };
    const ask = (env: object) => callBridge(sandbox, { workflow: "campaign", step: "offer", body: { ...body, env } });
    expect((await ask({ type: "dev" })).body.options).toEqual({ skip: false });
    for (const env of [{ type: "prod" }, {}, { type: null }, { type: "Dev" }])
      expect((await ask(env)).body.options).toEqual({ skip: true });
  });
});
