import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { recipientIdOf } from "../../src/contracts/run.ts";
import { event } from "../../src/engine/event.ts";
import { lifecycle } from "../../src/engine/lifecycle.ts";
import { groupOf } from "../../src/engine/novu-context.ts";
import { hashOf } from "../../src/sandbox/local-novu/inbox/api.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../support/campaign.ts";
import { runCommand } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { topicOf } from "../support/product/topics.ts";
import { testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const invoice = lifecycle({
  ...{ id: "invoice", name: "Invoice", description: "", category: "marketing", topic: topicOf("offers") },
  on: [event("invoice_failed")],
  exitOn: [event("invoice_paid", { same: "account_id", of: "anyone" }), event("person_left")],
  waitFor: { opened: [event("invoice_opened")] },
  payload: z.object({ account_id: z.string() }),
  from: ({ properties }) => ({ account_id: properties.account_id }),
  recipients: ({ properties }) => properties.admin_ids,
  async workflow({ step }) {
    await step.email("notice", mail, { atAnyHour: true });
    await step.wait("a-day", { days: 1 });
    const opened = await step.waitFor("opened", { atMost: { days: 1 } });
    await step.email("reminder", mail, { atAnyHour: true, skip: () => opened.came && "has opened it" });
  },
});
const limit = lifecycle({
  ...{ id: "limit", name: "Limit", description: "", category: "transactional" },
  on: [event("limit_reached")],
  waitFor: { upgraded: [event("plan_upgraded")] },
  exitOn: [event("limit_raised")],
  payload: z.object({}),
  from: () => ({}),
  context: (event) => ({ account: groupOf(event, "company"), region: event.properties.region }),
  recipients: ({ properties }) => properties.admin_ids,
  async workflow({ step, context }) {
    await step.inApp("note", () => ({ body: `of ${context.account?.id}` }));
    await step.waitFor("upgraded", { atMost: { days: 1 } });
    await step.inApp("later", () => ({ body: `of ${context.account?.id}, ${context.account?.data.plan}` }));
  },
});
const planChanged = campaign({
  id: "plan",
  on: [event("plan_changed")],
  category: "transactional",
  entry: "once",
  recipients: ({ properties }) => properties.admin_ids,
});

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await testSandbox({
    workflows: [invoice, planChanged, limit],
    internalUsers: [{ domain: "ours.example" }],
    marketing: { cap: { most: 100, withinMs: 1000 }, hours: { from: "09:00", to: "20:00" }, timeZone: "UTC" },
  });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

let accounts = 0;
/** People of an account whose PostHog persons have addresses. */
async function meet(...names: string[]): Promise<string[]> {
  accounts += 1;
  const ids = names.map((name) => `${name}-${accounts}`);
  for (const distinctId of ids) happen(sandbox, "$identify", { distinctId });
  await sandbox.settled();
  return ids;
}

async function failed(admin_ids: unknown, { distinctId = "billing", account_id = `account-${accounts}` } = {}) {
  const uuid = sandbox.posthog.capture({ event: "invoice_failed", distinctId, properties: { admin_ids, account_id } });
  await sandbox.settled();
  return uuid;
}

const runOf = (eventUuid: string, distinctId: string, workflow = "invoice") =>
  recipientIdOf({ eventUuid, workflow, distinctId });
const mailsTo = (ids: string[]) =>
  sandbox.novu.state.messages.filter(({ subscriberId }) => ids.includes(subscriberId)).map(({ to }) => to);
const decided = (uuid: string, distinctId: string) => decisions(sandbox, { ofRun: runOf(uuid, distinctId) });
const lastAnswer = () => sandbox.posthog.state.deliveries.at(-1)?.attempts.at(-1)?.answer;

describe("an event with several recipients", () => {
  it("reaches each of them at their own address, and not its own person", async () => {
    const [ada = "", grace = "", bob = ""] = await meet("ada", "grace", "bob");
    happen(sandbox, "$set", { distinctId: bob, unsubscribed_from: ["all"] });
    const uuid = await failed([grace, bob], { distinctId: ada });
    expect(mailsTo([ada, grace, bob])).toEqual([`${grace}@example.com`]);
    expect(await decided(uuid, bob)).toMatchObject([["notice", "skipped", "opted out", expect.anything()]]);
    expect(sandbox.novu.state.runs.at(-1)?.payload.run).toMatchObject({ distinctId: bob, snapshot: {} });

    await sandbox.travel({ days: 3 });
    expect(mailsTo([ada, grace, bob])).toHaveLength(2);
    expect(await decided(uuid, grace)).toMatchObject([
      ["notice", "sent", null, null],
      ["reminder", "sent", null, null],
    ]);
    const reports = sandbox.posthog.state.events.filter(
      ({ event: name, distinctId }) => name === "notification sent" && distinctId === grace,
    );
    expect(reports.map(({ properties }) => properties.event_uuid)).toEqual([uuid, uuid]);

    const why = await runCommand(sandbox, "why", ["--person", grace], {
      product: { ...testProduct, workflows: [invoice, planChanged, limit] },
    });
    expect(why.stdout).toContain("invoice_failed");
    const about = { distinctId: "", transactionIds: [""], eventUuid: uuid };
    const runs = await sandbox.app.store.runs.list({ limit: 9, about });
    expect(runs.map(({ distinctId }) => distinctId).sort()).toEqual([bob, grace].sort());
  });

  it("belongs to nobody, and reaches them", async () => {
    const [grace = ""] = await meet("grace");
    await failed([grace], { distinctId: "$company_acme" });
    expect(mailsTo([grace])).toEqual([`${grace}@example.com`]);
    await failed("grace", { distinctId: "$company_acme" });
    expect(lastAnswer()).toContain("does not fit invoice: recipients: not a list");
  });

  it("sends nothing to an unknown person and to an internal user", async () => {
    await meet();
    const id = `ours-${accounts}`;
    happen(sandbox, "$set", { distinctId: id, email: "me@ours.example" });
    const internal = await failed([id]);
    expect(await decided(internal, id)).toEqual([
      ["notice", "skipped", "not needed", "an internal user, by rule 1 of INTERNAL_USERS"],
    ]);
    const unknown = await failed(["nobody-knows"]);
    await sandbox.travel({ minutes: 2 });
    expect(await decided(unknown, "nobody-knows")).toEqual([["notice", "skipped", "person not found", null]]);
  });

  it("ends for a recipient by the recipient's own event, and for the account by anybody's", async () => {
    const [ada = "", grace = "", bob = ""] = await meet("ada", "grace", "bob");
    const account_id = `account-${accounts}`;
    const uuid = await failed([grace, bob]);
    const other = await failed([grace], { account_id: "another" });
    sandbox.posthog.capture({ event: "person_left", distinctId: "billing" });
    happen(sandbox, "person_left", { distinctId: bob });
    await sandbox.settled();
    const exited = (by: string) => ["reminder", "skipped", "exited", by];
    expect([await decided(uuid, bob), await decided(uuid, grace)]).toEqual([
      [["notice", "sent", null, null], exited("person_left")],
      [["notice", "sent", null, null]],
    ]);
    sandbox.posthog.capture({ event: "invoice_paid", distinctId: ada, properties: { account_id } });
    await sandbox.settled();
    expect((await decided(uuid, grace)).at(-1)).toEqual(exited("invoice_paid"));
    expect(await decided(other, grace)).toHaveLength(1);
    happen(sandbox, "invoice_opened", { distinctId: grace });
    await sandbox.travel({ days: 3 });
    expect((await decided(other, grace)).at(-1)).toEqual(["reminder", "skipped", "not needed", "has opened it"]);
  });

  it("limits the entries of each recipient", async () => {
    const [grace = "", bob = ""] = await meet("grace", "bob");
    for (const admin_ids of [[grace], [grace, bob]])
      sandbox.posthog.capture({ event: "plan_changed", distinctId: "billing", properties: { admin_ids } });
    await sandbox.settled();
    expect(mailsTo([grace, bob]).sort()).toEqual([`${bob}@example.com`, `${grace}@example.com`]);
  });

  it("reaches a person with two listed ids once", async () => {
    const [ada = "", former = ""] = await meet("ada", "former");
    sandbox.posthog.capture({ event: "$merge_dangerously", distinctId: ada, properties: { alias: former } });
    await sandbox.settled();
    const uuid = await failed([ada, former], { distinctId: ada });
    await sandbox.travel({ minutes: 2 });
    expect(mailsTo([ada, former])).toHaveLength(1);
    const all = [await decisions(sandbox, { ofRun: `${uuid}:invoice` }), await decided(uuid, former)];
    expect(all.map(([notice]) => notice?.slice(1)).sort()).toEqual([
      ["sent", null, null],
      ["skipped", "entered before", "by another id in the same event"],
    ]);
  });

  it("stays when a recipient is erased, and goes with its own person", async () => {
    const [ada = "", grace = "", bob = ""] = await meet("ada", "grace", "bob");
    const uuid = await failed([grace, bob], { distinctId: ada });
    const { people, runs } = sandbox.app.store;
    expect((await people.listRecords(grace)).events.map((row) => row.uuid)).not.toContain(uuid);
    await people.delete(grace);
    expect((await people.listRecords(ada)).events.map((row) => row.uuid)).toContain(uuid);
    expect(await runs.findState(runOf(uuid, grace))).toBeNull();
    await people.delete(ada);
    expect((await people.listRecords(ada)).events).toEqual([]);
    expect(await runs.findState(runOf(uuid, bob))).toBe("in progress");
  });

  it("starts nothing twice when it is sent again", async () => {
    const [grace = "", bob = ""] = await meet("grace", "bob");
    const properties = { admin_ids: [grace, bob], account_id: "again" };
    const timestamp = new Date(sandbox.clock.now()).toISOString();
    const body = delivery({ event: "invoice_failed", distinctId: "billing", properties, timestamp });
    const answers = [];
    for (const _ of [1, 2]) answers.push(await (await post(sandbox.app.url, body)).json());
    expect(answers).toEqual([{ accepted: body.event.uuid }, { duplicate: body.event.uuid }]);
    await sandbox.settled();
    expect(mailsTo([grace, bob])).toHaveLength(2);
  });

  it("has its account as Novu's context, in each part of a run and in the Inbox", async () => {
    const [grace = ""] = await meet("grace");
    const properties = { admin_ids: [grace], $groups: { company: "acme" } };
    sandbox.posthog.capture({ event: "limit_reached", distinctId: "billing", properties });
    await sandbox.settled();
    sandbox.novu.state.contexts["account:acme"] = { plan: "pro" };
    await sandbox.travel({ days: 2 });
    const messages = sandbox.novu.state.messages.filter(({ subscriberId }) => subscriberId === grace);
    expect(messages.map(({ content }) => content.body)).toEqual(["of acme", "of acme, pro"]);
    const triggers = sandbox.novu.triggers
      .map(({ body }) => JSON.parse(body))
      .filter(({ to }) => to.subscriberId === grace);
    expect(triggers.map(({ context }) => context)).toEqual([{ account: "acme" }, { account: "acme" }]);

    const unread = async (context?: object) => {
      const subscriberHash = hashOf(grace, sandbox.config.novu.secretKey);
      const body = { applicationIdentifier: "local", subscriberHash, subscriber: { subscriberId: grace }, context };
      const headers = { "content-type": "application/json" };
      const url = `${sandbox.novu.url}/v1/inbox/session`;
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      const { data } = (await answer.json()) as { data?: { totalUnreadCount: number } };
      return data?.totalUnreadCount ?? answer.status;
    };
    const contexts = [
      { account: "acme" },
      { account: { id: "acme" } },
      { account: "other" },
      undefined,
      { account: "a.b" },
      {},
    ];
    expect(await Promise.all(contexts.map(unread))).toEqual([2, 2, 0, 0, 422, 422]);

    sandbox.posthog.capture({ event: "limit_reached", distinctId: "billing", properties });
    await sandbox.settled();
    happen(sandbox, "limit_raised", { distinctId: grace });
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.novu.state.messages.at(-1)).toMatchObject({ stepId: "note", archivedAt: expect.any(String) });
  });

  it("sends nothing to a recipient who cannot be read, although the event's own person would get it", async () => {
    const [grace = ""] = await meet("grace");
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? "hang up" : null));
    const unread = await failed([grace]);
    await sandbox.travel({ minutes: 2 });
    expect(await decided(unread, grace)).toEqual([["notice", "skipped", "person unavailable", null]]);
  });
});
