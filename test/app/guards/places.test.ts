import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, decisions, happen, mail, reports } from "../../support/campaign.ts";
import { testFolder } from "../../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../../support/postgres.ts";
import { productOf } from "../../support/product/product.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const OVER = ["call", "skipped", "over the cap", "3 in 7 days"];
const SENT = ["call", "sent", null, null];

describe("the cap", () => {
  it("is 3 in 7 days over all workflows, and notes in the app are beside it", async () => {
    const other = campaign({ id: "other", topic: "reminders" });
    const note = campaign({
      id: "note",
      workflow: async ({ step }) => void (await step.inApp("note", () => ({ body: "A note" }))),
    });
    await using sandbox = await testSandbox({ workflows: [campaign(), other, note] });
    for (let day = 0; day < 3; day += 1) {
      happen(sandbox, "called");
      await sandbox.travel({ days: 1 });
    }
    expect(channels(sandbox)).toEqual({ email: 3, in_app: 3 });
    const calls = (await decisions(sandbox)).filter(([step]) => step === "call").sort();
    expect([calls.slice(0, 3), calls.slice(3)]).toEqual([Array(3).fill(SENT), Array(3).fill(OVER)]);

    // The first two went out 7 days ago; the third has a day to go.
    await sandbox.travel({ days: 4 });
    happen(sandbox, "called");
    await sandbox.settled();
    expect(channels(sandbox)).toEqual({ email: 5, in_app: 4 });
  });

  it("has its places back of messages that could not be made, however often Novu asked", {
    tags: ["long"],
  }, async () => {
    const fragile = campaign({
      workflow: async ({ step }) => {
        await step.email("call", ({ person }) => {
          if (person.plan === "broken") throw new Error("cannot be written");
          return mail();
        });
      },
    });
    await using sandbox = await testSandbox({ workflows: [fragile] });
    for (const plan of ["broken", "broken", "broken", "broken", "fine", "fine", "fine"]) {
      happen(sandbox, "called", { plan });
      await sandbox.travel({ minutes: 1 });
    }
    expect(sandbox.novu.bridgeCalls.filter(({ url }) => url.includes("stepId=call&"))).toHaveLength(4 * 4 + 3);
    expect((await decisions(sandbox)).slice(4)).toEqual(Array(3).fill(SENT));
  });

  it("counts once what Novu asks for again, and gives the place back when it is then left out", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const run = happen(sandbox, "called");
    await sandbox.settled();
    for (let time = 0; time < 3; time += 1) expect((await askAgain(sandbox)).status).toBe(200);
    for (let time = 0; time < 3; time += 1) {
      happen(sandbox, "called");
      await sandbox.settled();
    }
    expect(await decisions(sandbox)).toEqual([SENT, SENT, SENT, OVER]);
    expect(await sentByMetrics(sandbox)).toBe(3);

    sandbox.posthog.setPerson("ada", { email: null });
    await sandbox.travel({ seconds: 2 });
    for (let time = 0; time < 2; time += 1) await askAgain(sandbox);
    expect(await decisions(sandbox, { ofRun: `${run}:campaign` })).toEqual([
      ["call", "skipped", "unreachable", "no email address"],
    ]);
    await sandbox.travel({ seconds: 2 });
    happen(sandbox, "called");
    await sandbox.settled();
    expect((await decisions(sandbox)).at(-1)).toEqual(SENT);
  });

  it("keeps no place for a message that Novu no longer waits for, nor is it said to be sent", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const { bridgeUrl } = sandbox.novu.state;
    sandbox.novu.state.bridgeUrl = "http://127.0.0.1:9";
    happen(sandbox, "called");
    await sandbox.travel({ seconds: 10 });
    sandbox.novu.state.bridgeUrl = bridgeUrl;

    // It is asked for by a Novu that goes away before it is answered.
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? { delayMs: 600 } : null));
    await expect(askAgain(sandbox, AbortSignal.timeout(200))).rejects.toThrow();
    await eventually(async () => (await decisions(sandbox)).length > 0);
    sandbox.posthog.injectFault(null);
    expect(await decisions(sandbox)).toEqual([["call", "failed", "error", "Novu waited no longer"]]);
    for (let time = 0; time < 3; time += 1) happen(sandbox, "called");
    await sandbox.settled();
    expect((await decisions(sandbox)).slice(1)).toEqual([SENT, SENT, SENT]);
  });

  it("is kept by 20 messages at once that one person is due", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "$set");
    await post20([sandbox.app]);
    await sandbox.settled();
    await expectThree(sandbox, sandbox.app);
  });

  it.skipIf(!hasPostgres)("is kept by two processes on one PostgreSQL together", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    await using database = await openTestDatabase();
    happen(sandbox, "$set");
    using folder = testFolder();
    const config = { ...sandbox.config, port: 0, databaseUrl: database.url, dataDir: folder.path };
    const parts = { clock: sandbox.clock, log: createLog({ level: "silent" }), product: productOf([campaign()]) };
    const apps = await Promise.all([openApp(config, parts), openApp(config, parts)]);
    try {
      // Novu asks now the one, now the other.
      let asked = 0;
      Object.defineProperty(sandbox.novu.state, "bridgeUrl", {
        get: () => `${apps[asked++ % apps.length]?.url}/api/novu`,
      });
      await post20(apps);
      await eventually(async () => (await apps[0].store.decisions.list()).length === 20);
      await sandbox.novu.idle();
      await expectThree(sandbox, apps[0]);
    } finally {
      await Promise.all(apps.map((app) => app.stop()));
    }
  });
});

describe("a workflow tried by hand, from Novu's dashboard,", () => {
  it("reserves nothing and is recorded nowhere, when the person's own message is skipped too", async () => {
    const tested = campaign({ holdout: "control", whenPersonUnavailable: { hold: "then skip" } });
    await using sandbox = await testSandbox({ workflows: [tested] });
    happen(sandbox, "$set", { unsubscribed_from: ["all"] });
    sandbox.posthog.setFlag("control", true);
    for (let time = 0; time < 4; time += 1) await byHand(sandbox, "campaign");
    expect(channels(sandbox)).toEqual({ email: 4 });
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? "hang up" : null));
    await sandbox.travel({ seconds: 2 });
    await byHand(sandbox, "campaign");
    expect(channels(sandbox)).toEqual({ email: 5 });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 1 });
    expect([await decisions(sandbox), reports(sandbox)]).toEqual([[], []]);

    sandbox.posthog.setFlag("control", false);
    sandbox.posthog.setPerson("ada", { unsubscribed_from: [] });
    await sandbox.travel({ seconds: 2 });
    for (let time = 0; time < 3; time += 1) happen(sandbox, "called");
    await sandbox.settled();
    expect(await decisions(sandbox)).toEqual([SENT, SENT, SENT]);
  });
});

async function post20(apps: App[]): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      post(apps[index % apps.length]?.url ?? "", delivery({ event: "called", uuid: `call-${index}` })),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
}

async function expectThree(sandbox: Sandbox, app: App): Promise<void> {
  expect(sandbox.novu.state.messages).toHaveLength(3);
  const outcomes = (await app.store.decisions.list()).map(({ reason }) => reason ?? "sent");
  expect(outcomes.sort()).toEqual([...Array(17).fill("over the cap"), ...Array(3).fill("sent")]);
}

function channels(sandbox: Sandbox): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { channel } of sandbox.novu.state.messages) counts[channel] = (counts[channel] ?? 0) + 1;
  return counts;
}

async function sentByMetrics(sandbox: Sandbox): Promise<number> {
  const metrics = await (await fetch(`${sandbox.app.url}/metrics`)).text();
  return Number(/^bridge_decisions_total\{.*outcome="sent".*\} (\d+)$/m.exec(metrics)?.[1]);
}

/** Novu asks for the first run's message once more, as it does when no answer came. */
function askAgain(sandbox: Sandbox, signal?: AbortSignal): Promise<Response> {
  const [run] = sandbox.novu.state.runs;
  const body = {
    payload: run?.payload,
    controls: {},
    state: [{ stepId: "call-hours", outputs: { duration: 0 }, state: { status: "skipped" } }],
    subscriber: sandbox.novu.state.subscribers.ada,
    context: {},
    env: {},
  };
  const time = Date.now();
  const signature = createHmac("sha256", sandbox.config.novu.secretKey)
    .update(`${time}.${JSON.stringify(body)}`)
    .digest("hex");
  return fetch(`${sandbox.app.url}/api/novu?action=execute&workflowId=campaign&stepId=call`, {
    method: "POST",
    headers: { "content-type": "application/json", "novu-signature": `t=${time},v1=${signature}` },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}
