import { expect, it } from "vitest";
import { addressHash } from "../../../src/contracts/opt-out.ts";
import { event } from "../../../src/engine/event.ts";
import { createOptOutsFromNovu } from "../../../src/opt-outs/preferences.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const workflows = [
  campaign(),
  campaign({ id: "other", on: [event("asked")], workflow: ({ step }) => step.email("other", mail) }),
  campaign({
    id: "receipt",
    category: "transactional",
    on: [event("paid")],
    workflow: ({ step }) => step.email("receipt", mail),
  }),
];
const EVERY = { email: false, sms: false, push: false, chat: false, in_app: false };

it("a complaint stops all marketing, and nothing else", async () => {
  await using sandbox = await called();
  for (let times = 0; times < 3; times += 1)
    await elsewhere(sandbox).onUndeliverable({ distinctId: "ada", cause: "complained", at: at(sandbox) });
  for (const name of ["called", "asked", "paid"]) await happens(sandbox, name);
  expect(await decisions(sandbox)).toEqual([
    ["call", "sent", null, null],
    ["call", "skipped", "opted out", "all"],
    ["other", "skipped", "opted out", "all"],
    ["receipt", "sent", null, null],
  ]);
  expect((await sandbox.app.store.people.listRecords("ada")).optOuts).toMatchObject([
    { topic: "all", cause: "complained" },
  ]);
  expect(propertyOf(sandbox)).toEqual(["all"]);
});

it.each([undefined, "ADA@example.com"])(
  "an address that bounces gets no email until it is another one: %s",
  async (address) => {
    await using sandbox = await called();
    await elsewhere(sandbox).onUndeliverable({
      distinctId: "ada",
      cause: "bounced",
      at: at(sandbox),
      addressHash: address === undefined ? null : addressHash(address),
    });
    for (const name of ["asked", "paid"]) await happens(sandbox, name);
    await happens(sandbox, "called", { email: "ada@new.example.com" });
    expect(await decisions(sandbox)).toEqual([
      ["call", "sent", null, null],
      ["other", "skipped", "unreachable", "the address bounces"],
      ["receipt", "skipped", "unreachable", "the address bounces"],
      ["call", "sent", null, null],
    ]);
  },
);

it("a topic that is turned off in Novu's Inbox is off here, until it is turned on again", async () => {
  await using sandbox = await called();
  const { onPreferences } = elsewhere(sandbox);
  const off = { distinctId: "ada", workflow: "campaign", channels: EVERY, at: at(sandbox) };
  await onPreferences(off);
  // One channel alone, a workflow without an opt-out, and a workflow that the code does not have.
  await onPreferences({ ...off, workflow: "other", channels: { ...EVERY, email: true } });
  for (const workflow of ["receipt", "gone"]) await onPreferences({ ...off, workflow });
  for (const name of ["called", "asked"]) await happens(sandbox, name);
  expect(await decisions(sandbox)).toEqual([
    ["call", "sent", null, null],
    ["call", "skipped", "opted out", "workflow:campaign"],
    ["other", "sent", null, null],
  ]);
  const { app } = sandbox;
  const on = { ...off, channels: { email: true, in_app: true } };
  await onPreferences({ ...on, at: new Date(sandbox.clock.now() - 1).toISOString() });
  expect((await app.store.people.findOptOuts("ada")).off).toEqual(["workflow:campaign"]);
  await onPreferences({ ...on, at: new Date(sandbox.clock.now() + 1).toISOString() });
  expect((await app.store.people.findOptOuts("ada")).off).toEqual([]);
});

it("our own word that comes back from Novu says nothing new", async () => {
  await using sandbox = await called();
  const { onPreferences } = elsewhere(sandbox);
  const { store } = sandbox.app;
  const now = { distinctId: "ada", at: at(sandbox) };
  await store.people.changeOptOuts({ ...now, off: ["offers"], on: [], cause: "link", report: null });
  await onPreferences({ ...now, workflow: "campaign", channels: EVERY });
  await onPreferences({ ...now, workflow: "campaign", channels: { email: true }, at: "2030-01-01T00:00:00.000Z" });
  expect((await store.people.findOptOuts("ada")).off).toEqual(["offers"]);
  await onPreferences({ ...now, workflow: null, channels: EVERY });
  expect((await store.people.findOptOuts("ada")).off).toEqual(["all", "offers"]);
});

/** Ada has had one email. */
async function called(): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows });
  await happens(sandbox, "called");
  return sandbox;
}

async function happens(sandbox: Sandbox, name: string, properties: { email?: string } = {}): Promise<void> {
  happen(sandbox, name, properties);
  await sandbox.settled();
}

function elsewhere({ app: { store } }: Sandbox) {
  return createOptOutsFromNovu({
    marketing: ["campaign", "other"].map((id) => ({ id, topic: "offers" })),
    optOutsOf: store.people.findOptOuts,
    changeOptOuts: store.people.changeOptOuts,
    saveBounce: store.people.saveBounce,
    addressAtNovu: async (distinctId) => (await store.people.findSentProfile(distinctId))?.subscriber.email ?? null,
  });
}

function at({ clock }: Sandbox): string {
  return new Date(clock.now()).toISOString();
}

function propertyOf({ posthog }: Sandbox): unknown {
  return posthog.state.persons.find(({ distinctIds }) => distinctIds.includes("ada"))?.properties.unsubscribed_from;
}
