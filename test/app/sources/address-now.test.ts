import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { type TestSandboxOptions, testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});
const TEXT_AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.sms("text", () => ({ body: "An offer" }), { atAnyHour: true });
  },
});
const AFTER_AN_HOUR_OF_OTHERS = campaign({
  async workflow({ step }) {
    await step.digest("an-hour", { hours: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});

const recipients = (sandbox: Sandbox) => sandbox.novu.state.messages.map(({ to }) => to);
const atNovu = (sandbox: Sandbox) => sandbox.novu.state.subscribers.ada;

/** A sandbox in which no job reads persons before they are due, so that only the step itself can see a change. */
async function lateSandbox(options: TestSandboxOptions & { provider?: "resend" | "sendgrid" }): Promise<Sandbox> {
  const { provider = "resend", ...others } = options;
  const sandbox = await testSandbox(others);
  sandbox.config.emailProviders = [provider];
  await sandbox.restartApp();
  return sandbox;
}

describe("a message goes to the address that the person has now", () => {
  it.each([
    ["a day", AFTER_A_DAY],
    ["an hour in which others are gathered", AFTER_AN_HOUR_OF_OTHERS],
  ])("when it was changed at PostHog without an event, after %s", async (_name, workflow) => {
    await using sandbox = await testSandbox({ workflows: [workflow] });
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["new@example.com"]);
    expect(atNovu(sandbox)?.email).toBe("new@example.com");
    expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
  });

  it("when it was changed under another id of the same person", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    happen(sandbox, "called");
    sandbox.posthog.capture({ event: "$create_alias", distinctId: "ada", properties: { alias: "ada-2" } });
    await sandbox.settled();
    sandbox.posthog.capture({ event: "paid", distinctId: "ada-2", properties: { $set: { email: "new@example.com" } } });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["new@example.com"]);
  });

  it("when the webhook brought none, or the empty person", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "met");
    const empty = { id: "", name: "", url: "", properties: {} };
    await post(sandbox.app.url, { ...delivery({ event: "called", person: null }) });
    await sandbox.settled();
    await post(sandbox.app.url, { ...delivery({ event: "called" }), person: empty });
    await sandbox.settled();
    expect(recipients(sandbox)).toEqual(["ada@example.com", "ada@example.com"]);
  });

  it("when the webhook brought an older one", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "met");
    await post(sandbox.app.url, delivery({ event: "called", person: { email: "older@example.com" } }));
    await sandbox.settled();
    expect(recipients(sandbox)).toEqual(["ada@example.com"]);
  });

  it("on their phone too", async () => {
    await using sandbox = await testSandbox({ workflows: [TEXT_AFTER_A_DAY] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 2"]);
  });

  it("and nothing goes to one that was removed, which is removed at Novu too", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { email: undefined });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual([]);
    expect(atNovu(sandbox)?.email).toBeNull();
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "unreachable", "no email address"]]);
  });

  it("and Novu keeps what is not ours of its subscriber", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    happen(sandbox, "called");
    await sandbox.settled();
    Object.assign(atNovu(sandbox) ?? {}, { data: { theirs: 1 } });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    await sandbox.travel({ days: 2 });
    expect(atNovu(sandbox)).toMatchObject({ email: "new@example.com", data: { theirs: 1 } });
  });
});

describe("a change that comes in the last seconds of a wait", () => {
  it("goes with the message to a provider that accepts another recipient, and is sent to Novu", async () => {
    await using sandbox = await lateSandbox({ workflows: [AFTER_A_DAY] });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    await sandbox.travel({ minutes: 1 });
    expect(recipients(sandbox)).toEqual(["new@example.com"]);
    const hash = createHash("sha256").update("new@example.com").digest("hex");
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { outcome: "sent", address: { via: "provider", hash } },
    ]);
    expect(atNovu(sandbox)?.email).toBe("new@example.com");
  });

  it("keeps a message back that cannot take it along, and the next one goes there", async () => {
    await using sandbox = await lateSandbox({ workflows: [AFTER_A_DAY], provider: "sendgrid" });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    await sandbox.travel({ minutes: 1 });
    expect(recipients(sandbox)).toEqual([]);
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "address changed", null]]);
    expect(atNovu(sandbox)?.email).toBe("new@example.com");
  });

  it("keeps an SMS back", async () => {
    await using sandbox = await lateSandbox({ workflows: [TEXT_AFTER_A_DAY] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    await sandbox.travel({ minutes: 1 });
    expect(await decisions(sandbox)).toEqual([["text", "skipped", "address changed", null]]);
    expect(atNovu(sandbox)?.phone).toBe("+49 151 2");
  });

  it("is none where only capitals differ", async () => {
    await using sandbox = await lateSandbox({ workflows: [AFTER_A_DAY], provider: "sendgrid" });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { email: "Ada@Example.com" });
    await sandbox.travel({ minutes: 1 });
    expect(recipients(sandbox)).toEqual(["ada@example.com"]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([{ address: { via: "subscriber" } }]);
  });
});

describe("a person without an address", () => {
  it("is waited for, and is sent their welcome when the identify has come", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.posthog.capture({ event: "called", distinctId: "ada" });
    await sandbox.travel({ seconds: 45 });
    expect(sandbox.novu.triggers).toEqual([]);
    happen(sandbox, "$identify");
    await sandbox.travel({ seconds: 20 });
    expect(recipients(sandbox)).toEqual(["ada@example.com"]);
  });

  it("is waited for no longer than the workflow says", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign({ addressWithin: { minutes: 5 } })] });
    sandbox.posthog.capture({ event: "called", distinctId: "ada" });
    await sandbox.travel({ minutes: 4 });
    expect(sandbox.novu.triggers).toEqual([]);
    await sandbox.travel({ minutes: 2 });
    expect(sandbox.novu.triggers).toHaveLength(1);
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "unreachable", "no email address"]]);
  });
});

it("PostHog is read for triggers every few seconds, because the steps need its limit", async () => {
  await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY], plan: "team" });
  for (let index = 0; index < 20; index += 1) {
    happen(sandbox, "called", { distinctId: `person-${index}` });
    await sandbox.travel({ seconds: 0.5 });
  }
  expect(sandbox.novu.triggers).toHaveLength(20);
  expect(sandbox.posthog.reads.calls).toBeLessThanOrEqual(3);
});

it("PostHog is read in batches for the messages that are due at one time", {
  tags: ["long"],
  timeout: 60_000,
}, async () => {
  await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY], plan: "team" });
  const people = Array.from({ length: 300 }, (_, index) => `person-${index}`);
  for (const distinctId of people) happen(sandbox, "called", { distinctId });
  await sandbox.settled();
  const before = sandbox.posthog.reads.calls;
  await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
  expect(sandbox.posthog.reads.calls - before).toBeLessThanOrEqual(4);
  expect(sandbox.novu.state.messages).toEqual([]);
});

describe("a person whose address only Novu has", () => {
  /** The back end gives Novu an address for Ada, and PostHog has none. */
  async function withAddressAtNovu(usesNovuAddresses: boolean): Promise<Sandbox> {
    const sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    sandbox.config.usesNovuAddresses = usesNovuAddresses;
    await sandbox.restartApp();
    const response = await fetch(`${sandbox.novu.url}/v2/subscribers`, {
      method: "POST",
      headers: { authorization: `ApiKey ${sandbox.config.novu.secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ subscriberId: "ada", email: "ada@at-novu.example" }),
    });
    expect(response.status).toBe(201);
    sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: { $set: { plan: "free" } } });
    await sandbox.travel({ days: 2 });
    return sandbox;
  }

  it("is unreachable, as long as the setting does not allow that address", async () => {
    await using sandbox = await withAddressAtNovu(false);
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "unreachable", "no email address"]]);
  });

  it("gets the message there, and keeps the address", async () => {
    await using sandbox = await withAddressAtNovu(true);
    expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
    expect([recipients(sandbox), atNovu(sandbox)?.email]).toEqual([["ada@at-novu.example"], "ada@at-novu.example"]);
    // The address at PostHog comes first, as soon as there is one.
    sandbox.posthog.setPerson("ada", { email: "ada@example.com" });
    sandbox.posthog.capture({ event: "called", distinctId: "ada" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox).at(-1)).toBe("ada@example.com");
    // An address that was removed at PostHog is removed at Novu, where it came from PostHog.
    sandbox.posthog.setPerson("ada", { email: undefined });
    sandbox.posthog.capture({ event: "called", distinctId: "ada" });
    await sandbox.travel({ days: 2 });
    expect((await decisions(sandbox)).at(-1)).toEqual(["call", "skipped", "unreachable", "Novu has no email address"]);
  });
});
