import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, reports } from "../../support/campaign.ts";
import { freePort } from "../../support/free-port.ts";
import { testSandbox } from "../../support/sandbox.ts";

const THEN_SEND = [campaign({ whenPersonUnavailable: { hold: "then send" } })];
const THEN_SKIP = [campaign({ whenPersonUnavailable: { hold: "then skip" } })];

describe("with PostHog out of reach at the moment of a send", () => {
  it("it goes out by what the event brought, unless said otherwise", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    loseSight(sandbox);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(answers(sandbox)).toEqual([200]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([{ outcome: "sent", personSource: "snapshot" }]);
  });

  it.each([
    { ends: "sent", workflows: THEN_SEND, decided: ["call", "sent", null, null], messages: 1 },
    { ends: "skipped", workflows: THEN_SKIP, decided: ["call", "skipped", "person unavailable", null], messages: 0 },
  ])("it is held until Novu asks for the last time, and then $ends", async ({ workflows, decided, messages }) => {
    await using sandbox = await testSandbox({ workflows });
    loseSight(sandbox);
    const uuid = happen(sandbox, "called");
    await sandbox.travel({ seconds: 6 });
    expect(answers(sandbox)).toEqual([503, 503, 503]);
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await decisions(sandbox)).toEqual([["call", "failed", "error", "BridgeError"]]);
    await sandbox.travel({ seconds: 1 });
    expect(answers(sandbox)).toEqual([503, 503, 503, 200]);
    expect(sandbox.novu.state.messages).toHaveLength(messages);
    expect(await decisions(sandbox)).toEqual([decided]);
    await sandbox.travel({ minutes: 1 });
    expect(reports(sandbox)).toEqual([`${uuid}:campaign call ${decided[1]} ${decided[2] ?? ""}`]);
  });

  it.each([
    { ends: "sent", workflows: THEN_SEND },
    { ends: "skipped", workflows: THEN_SKIP },
  ])("the person is read when PostHog is back at the second call ($ends otherwise)", async ({ workflows }) => {
    await using sandbox = await testSandbox({ workflows });
    loseSight(sandbox);
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { unsubscribed_from: ["offers"] });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ seconds: 10 });
    expect(answers(sandbox)).toEqual([503, 200]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([{ reason: "opted out", personSource: "posthog" }]);
  });

  it("a restart of the app between two calls loses no count", async () => {
    const ports = { app: await freePort(), posthog: 0, novu: 0, segment: 0 };
    await using sandbox = await testSandbox({ workflows: THEN_SEND, ports });
    loseSight(sandbox);
    happen(sandbox, "called");
    await sandbox.travel({ seconds: 1 });
    await sandbox.restartApp();
    await sandbox.travel({ seconds: 10 });
    expect(answers(sandbox)).toEqual([503, 503, 503, 200]);
    expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
  });

  it("each message is held by itself", async () => {
    const twice = campaign({
      whenPersonUnavailable: { hold: "then skip" },
      async workflow({ step }) {
        await step.inApp("one", () => ({ body: "One" }));
        await step.inApp("two", () => ({ body: "Two" }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [twice] });
    loseSight(sandbox);
    happen(sandbox, "called");
    await sandbox.travel({ seconds: 20 });
    expect([answers(sandbox, "one"), answers(sandbox, "two")]).toEqual(Array(2).fill([503, 503, 503, 200]));
  });

  it("a person who exited during the wait has exited", async () => {
    await using sandbox = await testSandbox({ workflows: THEN_SEND });
    loseSight(sandbox);
    const uuid = happen(sandbox, "called");
    await sandbox.travel({ seconds: 2 });
    happen(sandbox, "answered");
    await sandbox.travel({ seconds: 10 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(reports(sandbox)).toEqual([`${uuid}:campaign call skipped exited`]);
  });
});

/** Persons cannot be read; reports still arrive. */
function loseSight(sandbox: Sandbox): void {
  sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? "hang up" : null));
}

function answers(sandbox: Sandbox, step = "call"): Array<number | null> {
  return sandbox.novu.bridgeCalls.filter(({ url }) => url.includes(`stepId=${step}&`)).map(({ status }) => status);
}
