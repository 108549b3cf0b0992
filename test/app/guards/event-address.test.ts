import { expect, it } from "vitest";
import { z } from "zod";
import { addressHash } from "../../../src/contracts/opt-out.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const ordered = event("ordered", { emailIn: "email" });
const OFFER = campaign({
  id: "offer",
  on: [ordered],
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("offer", mail, { atAnyHour: true });
  },
});
const PARTS = lifecycle({
  ...{ id: "parts", name: "Parts", description: "", category: "transactional" },
  on: [event("begun", { emailIn: "contact" })],
  waitFor: { done: [event("done")] },
  payload: z.object({}),
  from: () => ({}),
  async workflow({ step }) {
    await step.waitFor("done", { atMost: { hours: 1 } });
    await step.email("parts", mail);
  },
});
const workflows = [OFFER, PARTS, campaign()];

const atNovu = (sandbox: Sandbox, person: string) => sandbox.novu.state.subscribers[person]?.email ?? null;

/** Each decision of a workflow about an email: the person, the reason, how Novu got the address, and the recipient. */
async function emailsOf(sandbox: Sandbox, ofWorkflow: string) {
  const all = await sandbox.app.store.decisions.list({ limit: 1_000 });
  return Object.fromEntries(
    all
      .filter(({ workflow }) => workflow === ofWorkflow)
      .map(({ distinctId, transactionId, reason, detail, address }) => {
        const message = sandbox.novu.state.messages.find((one) => one.transactionId.startsWith(transactionId));
        const hash = message === undefined ? undefined : addressHash(message.to ?? "");
        expect(address?.hash).toBe(hash);
        return [distinctId, message === undefined ? [reason, detail] : [address?.via, message.to]];
      }),
  );
}

function orders(sandbox: Sandbox, distinctId: string, properties: Record<string, unknown>): void {
  sandbox.posthog.capture({ event: "ordered", distinctId, properties });
}

it("a person without an address gets the run's emails at the one in the event, and nobody else does", async () => {
  await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
  // This provider accepts no other recipient with a message.
  sandbox.config.emailProviders = ["sendgrid"];
  await sandbox.restartApp();
  orders(sandbox, "ada", { email: " Ada@Shop.example\u00a0" });
  orders(sandbox, "has-own", { email: "friend@shop.example", $set: { email: "own@example.com" } });
  orders(sandbox, "has-unusable", { email: "friend@shop.example", $set: { email: "no address" } });
  orders(sandbox, "sends-list", { email: ["friend@shop.example"] });
  orders(sandbox, "sends-none", {});
  orders(sandbox, "opted-out", { email: "out@shop.example", $set: { unsubscribed_from: ["offers"] } });
  orders(sandbox, "bounced", { email: "Bounced@shop.example" });
  orders(sandbox, "other-bounced", { email: "new@shop.example" });
  orders(sandbox, "gets-own", { email: "then@shop.example" });
  orders(sandbox, "gets-same", { email: "same@shop.example" });
  orders(sandbox, "gets-own-at-once", { email: "then@shop.example" });
  for (const distinctId of ["waits", "waits-and-gets-own"])
    sandbox.posthog.capture({ event: "begun", distinctId, properties: { contact: `${distinctId}@shop.example` } });
  await sandbox.travel({ seconds: 30 });
  sandbox.posthog.setPerson("gets-own-at-once", { email: "own@example.com" });
  await sandbox.travel({ minutes: 5 });
  for (const [distinctId, address] of [
    ["bounced", "bounced@shop.example"],
    ["other-bounced", "old@shop.example"],
  ] as const)
    await sandbox.app.store.people.saveBounce({
      ...{ distinctId, addressHash: addressHash(address), at: new Date(sandbox.clock.now()).toISOString() },
    });
  sandbox.posthog.setPerson("gets-own", { email: "own@example.com" });
  sandbox.posthog.setPerson("waits-and-gets-own", { email: "own@example.com" });
  sandbox.posthog.setPerson("gets-same", { email: "SAME@shop.example" });
  await sandbox.travel({ days: 1 });

  expect(await emailsOf(sandbox, "offer")).toEqual({
    ada: ["event", "Ada@Shop.example"],
    "has-own": ["subscriber", "own@example.com"],
    "has-unusable": ["unreachable", "the email address cannot be used"],
    "sends-list": ["unreachable", "no email address"],
    "sends-none": ["unreachable", "no email address"],
    "opted-out": ["opted out", "offers"],
    bounced: ["unreachable", "the address bounces"],
    "other-bounced": ["event", "new@shop.example"],
    "gets-own": ["address changed", null],
    "gets-same": ["event", "same@shop.example"],
    "gets-own-at-once": ["subscriber", "own@example.com"],
  });
  // The rest of a run after a wait for an event is another trigger.
  expect(await emailsOf(sandbox, "parts")).toEqual({
    waits: ["event", "waits@shop.example"],
    "waits-and-gets-own": ["subscriber", "own@example.com"],
  });
  expect(["ada", "waits"].map((person) => atNovu(sandbox, person))).toEqual([null, null]);
  expect(atNovu(sandbox, "gets-own")).toBe("own@example.com");
  expect(sandbox.novu.triggers.filter(({ body }) => body.includes("friend@shop.example"))).toEqual([]);
  expect((await sandbox.app.store.events.listIgnored({ limit: 10 })).map(({ reason }) => reason)).toEqual([
    "left out for offer: email: is no email address",
  ]);

  // The address counts for its own run only.
  sandbox.posthog.capture({ event: "called", distinctId: "ada" });
  await sandbox.travel({ minutes: 5 });
  expect(await emailsOf(sandbox, "campaign")).toEqual({ ada: ["unreachable", "no email address"] });

  // A bounce stops that address, and no other one of the person.
  const message = sandbox.novu.state.messages.find(({ subscriberId }) => subscriberId === "ada");
  sandbox.posthog.setPerson("ada", { email: "own@example.com" });
  sandbox.posthog.capture({ event: "called", distinctId: "ada" });
  await sandbox.settled();
  sandbox.novu.report(message!.id, "failed", "550 bounced");
  await sandbox.settled();
  expect(await sandbox.app.store.people.listBounces("ada")).toMatchObject([
    { addressHash: addressHash("ada@shop.example") },
  ]);
});

it("an own address that comes after the trigger goes with the message where a provider accepts it", async () => {
  await using sandbox = await testSandbox({ workflows });
  Object.assign(sandbox.config, { emailProviders: ["resend"], usesNovuAddresses: true });
  await sandbox.restartApp();
  const response = await fetch(`${sandbox.novu.url}/v2/subscribers`, {
    method: "POST",
    headers: { authorization: `ApiKey ${sandbox.config.novu.secretKey}`, "content-type": "application/json" },
    body: JSON.stringify({ subscriberId: "at-novu", email: "at-novu@example.com" }),
  });
  expect(response.status).toBe(201);
  for (const person of ["ada", "at-novu", "gets-own"]) orders(sandbox, person, { email: `${person}@shop.example` });
  await sandbox.travel({ minutes: 5 });
  sandbox.posthog.setPerson("gets-own", { email: "own@example.com" });
  await sandbox.travel({ days: 1 });
  expect(await emailsOf(sandbox, "offer")).toEqual({
    ada: ["event", "ada@shop.example"],
    "at-novu": ["provider", "at-novu@example.com"],
    "gets-own": ["provider", "own@example.com"],
  });
});
