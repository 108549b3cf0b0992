import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FLAGS_WITHIN_MS, PERSON_WITHIN_MS } from "../../../src/contracts/novu.ts";
import { experiment } from "../../../src/engine/experiment.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { run } from "../../support/facts.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";

const workflows = [campaign({ workflow: ({ step }) => step.email("call", mail, { atAnyHour: true }) })];
const READ_MS = 100;
/** Novu's time for a bridge call. The app answers 503 earlier, which these tests would see too. */
const LONGEST_STEP_MS = 5_000;

describe("the steps of many people at one moment", () => {
  it("read them at PostHog many at a time", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows });
    const people = known(sandbox, 300);
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? { delayMs: READ_MS } : null));
    const startedAt = performance.now();
    const answers = await Promise.all(people.map((distinctId) => step(sandbox, distinctId)));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set((await decisions(sandbox)).map(String))).toEqual(new Set(["call,sent,,"]));
    // Five reads for those who come at one moment; a loaded machine takes the calls in over several seconds.
    expect(sandbox.posthog.reads.calls).toBeLessThanOrEqual(5 + 2.5 * seconds);
  });

  it("are answered in time while PostHog hangs for persons and flags, for which a step waits one after the other", {
    tags: ["long"],
  }, async () => {
    const heldOut = campaign({
      holdout: "no-offers",
      experiments: { tone: experiment("tone", { variants: ["plain", "loud"], otherwise: "plain" }) },
      workflow: ({ step }) => step.email("call", mail, { atAnyHour: true }),
    });
    await using sandbox = await testSandbox({ workflows: [heldOut] });
    const [ada = ""] = known(sandbox, 1);
    sandbox.posthog.injectFault(() => ({ delayMs: 60_000 }));
    const answer = await step(sandbox, ada);
    expect(answer.status).toBe(200);
    expect(answer.ms).toBeGreaterThan(PERSON_WITHIN_MS + FLAGS_WITHIN_MS - 50);
    expect(answer.ms).toBeLessThan(LONGEST_STEP_MS);
  });

  it("are answered in time while PostHog hangs", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows });
    const people = known(sandbox, 40);
    sandbox.posthog.injectFault(() => ({ delayMs: 60_000 }));
    const answers = await Promise.all(people.map((distinctId) => step(sandbox, distinctId)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(LONGEST_STEP_MS);
  });
});

it("triggers go out while PostHog hangs, and wait for it once in a while only", { tags: ["long"] }, async () => {
  await using sandbox = await testSandbox({ workflows });
  sandbox.posthog.injectFault(() => ({ delayMs: 60_000 }));
  for (let index = 0; index < 100; index += 1) happen(sandbox, "called", { distinctId: `person-${index}` });
  const startedAt = performance.now();
  await eventually(() => sandbox.novu.triggers.length === 100, 60_000);
  // One read in vain takes 2.2 s, and eight triggers go at a time: asked for each they would take 30 s.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await eventually(() => sandbox.novu.state.messages.length === 100, 60_000);
  expect(Math.max(...sandbox.novu.bridgeCalls.map(({ ms }) => ms))).toBeLessThan(LONGEST_STEP_MS);
});

/** So many people at PostHog, of whom nothing is forwarded. */
function known(sandbox: Sandbox, count: number): string[] {
  sandbox.posthog.connect({ url: sandbox.app.url, signingSecret: "", events: [] });
  const people = Array.from({ length: count }, (_, index) => `person-${index}`);
  for (const distinctId of people) happen(sandbox, "$set", { distinctId });
  return people;
}

/** Asks for a step as Novu does. */
async function step(sandbox: Sandbox, distinctId: string): Promise<{ status: number; ms: number }> {
  const subscriber = { subscriberId: distinctId, email: `${distinctId}@example.com` };
  const snapshot = { email: `${distinctId}@example.com` };
  const facts = run({ transactionId: `${distinctId}:campaign`, distinctId, snapshot });
  const body = JSON.stringify({ payload: { run: facts }, controls: {}, state: [], subscriber, context: {}, env: {} });
  const time = Date.now();
  const v1 = createHmac("sha256", sandbox.config.novu.secretKey).update(`${time}.${body}`).digest("hex");
  const headers = { "content-type": "application/json", "novu-signature": `t=${time},v1=${v1}` };
  const startedAt = performance.now();
  const url = `${sandbox.app.url}/api/novu?action=execute&workflowId=campaign&stepId=call`;
  const response = await fetch(url, { method: "POST", headers, body });
  await response.json();
  return { status: response.status, ms: performance.now() - startedAt };
}
