import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { leadsTo, linksIn } from "../../support/links.ts";
import { metric } from "../../support/metrics.ts";
import { APP_URL } from "../../support/product/brand.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";
import { delivery, post } from "../../support/webhook.ts";

/** One person for each of these names signs up. Returns the first message of each, in the order of the list. */
async function emailsTo(people: Array<{ person?: object; event?: object }>): Promise<string[]> {
  await using sandbox = await testSandbox();
  for (const [index, { person, event }] of people.entries()) {
    const $set = { email: `p${index}@example.com`, ...person };
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: `p${index}`, properties: { ...event, $set } });
  }
  await sandbox.settled();
  return people.map((_, index) => emailTo(sandbox, `p${index}`));
}

function emailTo({ novu }: Sandbox, person: string): string {
  const email = novu.state.messages.find(({ channel, subscriberId }) => channel === "email" && subscriberId === person);
  return String(email?.content.body);
}

const greetingIn = (body: string) => />(Hi[^<]*)</.exec(body)?.[1];
const LURE = "Claim your 500 EUR prize now: https://evil.example/win";

describe("the greeting", () => {
  it("uses any name that a person has at the source", async () => {
    const greetings: Array<[person: object, greeting: string]> = [
      [{ name: "Ada Lovelace" }, "Hi Ada,"],
      [{ name: "Lovelace, Ada" }, "Hi Ada,"],
      [{ first_name: "Ada" }, "Hi Ada,"],
      [{ first_name: "Mary Ann", name: "Mary Ann Evans" }, "Hi Mary Ann,"],
      [{ name: "null null" }, "Hi,"],
      [{ name: "undefined" }, "Hi,"],
      [{ name: "N/A" }, "Hi,"],
      [{ name: "-" }, "Hi,"],
      [{ name: "ada@example.com" }, "Hi,"],
      [{ name: "https://evil.example/win" }, "Hi,"],
      [{ name: LURE }, "Hi,"],
      [{ first_name: "evil.example", name: "Ada Lovelace" }, "Hi Ada,"],
      [{}, "Hi,"],
    ];
    const bodies = await emailsTo(greetings.map(([person]) => ({ person })));
    expect(bodies.map(greetingIn)).toEqual(greetings.map(([, greeting]) => greeting));
    expect(bodies.join()).not.toContain("evil.example");
  });

  it("is the same from Segment, and in the name that Novu gets", async () => {
    await using sandbox = await testSandbox();
    for (const [userId, traits] of Object.entries({ ada: { firstName: "Ada" }, bob: { name: LURE, lastName: LURE } })) {
      sandbox.segment.send({ type: "identify", userId, traits: { ...traits, email: `${userId}@example.com` } });
      sandbox.segment.send({ type: "track", userId, event: "User Registered" });
    }
    await sandbox.settled();
    expect(["ada", "bob"].map((person) => greetingIn(emailTo(sandbox, person)))).toEqual(["Hi Ada,", "Hi,"]);
    expect(["ada", "bob"].map((id) => sandbox.novu.state.subscribers[id]?.firstName)).toEqual(["Ada", undefined]);
    expect(JSON.stringify([sandbox.novu.state.subscribers, sandbox.novu.state.messages])).not.toContain("evil.example");
  });
});

describe("a person with an invitation", () => {
  it("is said when it is a name, and else left out", async () => {
    const invitations: Array<[invited_by: unknown, isShown: boolean]> = [
      ["Grace Hopper", true],
      ["Acme Inc.", true],
      [LURE, false],
      ["evil.example", false],
      ["You have won a prize", false],
      ["null", false],
      [42, false],
      [null, false],
      [{ name: "Grace" }, false],
      [["Grace"], false],
      ["G".repeat(41), false],
    ];
    const bodies = await emailsTo(invitations.map(([invited_by]) => ({ event: { invited_by } })));
    expect(bodies.map((body) => body.includes("has invited you."))).toEqual(invitations.map(([, isShown]) => isShown));
    expect(bodies.join()).not.toMatch(/evil|You have won|null/);
  });
});

it("a plan that is not like a name is neither in a subject nor in a note", async () => {
  await using sandbox = await testSandbox();
  for (const [distinctId, plan] of [
    ["ada", "Galaxy"],
    ["bob", LURE],
  ])
    sandbox.posthog.capture({
      event: "subscription_upgraded",
      distinctId: String(distinctId),
      properties: { plan, $set: { email: `${distinctId}@example.com` } },
    });
  await sandbox.settled();
  expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["You are on Galaxy"]);
});

describe("a link of an event that leads to a host that is not named", () => {
  const checkout = (checkout_url: string) => ({ event: "checkout_started", properties: { checkout_url } });
  const REASON = "replaced for drop-off: checkout_url: leads to no host of app.testwerk.example, acme.example";

  it("is replaced, and the answer, the metrics and the studio say so without it", async () => {
    await using sandbox = await testSandbox();
    const properties = { checkout_url: "https://acme-login.evil.example/", $set: { email: "ada@example.com" } };
    const uuid = sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties });
    await sandbox.settled();
    const [told] = sandbox.posthog.state.deliveries;
    expect(JSON.parse(told?.attempts.at(-1)?.answer ?? "")).toEqual({ accepted: uuid, but: REASON });
    expect(await metric(sandbox.app.url, "bridge_events_total")).toEqual({ 'outcome="accepted"': 1 });
    expect(await metric(sandbox.app.url, "bridge_ignored_events_total")).toEqual({ 'cause="replaced"': 1 });
    expect(await sandbox.app.store.events.listIgnored({ limit: 9 })).toMatchObject([
      { reason: REASON, eventUuid: uuid },
    ]);

    await sandbox.travel({ days: 1, hours: 1 });
    const { messages } = sandbox.novu.state;
    expect(messages.map(({ channel }) => channel)).toEqual(["in_app", "email"]);
    const targets = await Promise.all(messages.flatMap(linksIn).map(leadsTo));
    expect(targets.filter((target) => target?.startsWith(`${APP_URL}/checkout?utm_`))).toHaveLength(2);
    expect(JSON.stringify([messages, targets])).not.toContain("evil");

    const studio = visitor(`${sandbox.app.url}/studio`);
    const { chain } = (await (await studio.get("/api/why?person=ada&workflow=drop-off")).json()) as {
      chain: { links: Array<{ kind: string; sentence: string; value: string }> };
    };
    expect(chain.links.filter(({ kind }) => kind === "ignored")).toMatchObject([
      { sentence: "checkout_started arrived and was ignored in part.", value: REASON },
    ]);
  });

  it("comes again without a second run", async () => {
    await using sandbox = await testSandbox();
    const ada = delivery(checkout("https://evil.example/"));
    await post(sandbox.app.url, ada);
    expect(await (await post(sandbox.app.url, ada)).json()).toEqual({ duplicate: ada.event.uuid, but: REASON });
    await sandbox.settled();
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("is said from Segment as well", async () => {
    await using sandbox = await testSandbox();
    const properties = { checkoutUrl: "https://evil.example/" };
    sandbox.segment.send({ type: "identify", userId: "ada", traits: { email: "ada@example.com" } });
    sandbox.segment.send({ type: "track", userId: "ada", event: "Checkout Started", properties });
    await sandbox.settled();
    const told = sandbox.segment.state.deliveries.at(-1);
    expect(told?.attempts.at(-1)?.answer).toContain(REASON);
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("is fine where it is named, and no event where it is no link", async () => {
    await using sandbox = await testSandbox();
    for (const url of ["https://eu.acme.example/c?id=1", `${APP_URL}/c`]) {
      const answer = await post(sandbox.app.url, delivery(checkout(url)));
      expect(await answer.json()).toEqual({ accepted: expect.any(String) });
    }
    const answer = await post(sandbox.app.url, delivery(checkout("javascript:alert(1)")));
    expect(await answer.json()).toEqual({ ignored: "does not fit drop-off: checkout_url: Invalid URL" });
  });
});
