import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { lifecycle } from "../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { permutations } from "../support/permutations.ts";
import { oneEmail } from "../support/product/one-email.tsx";
import { testSandbox } from "../support/sandbox.ts";
import { segmentEvent } from "../support/segment.ts";
import { delivery, post } from "../support/webhook.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString();
const checkout = { checkout_url: "https://app.acme.example/checkout" };
const ada = { email: "ada@example.com", name: "Ada Lovelace" };

describe("an anonymous event", () => {
  it("is no subscriber until they identify themselves", async () => {
    await using sandbox = await testSandbox();
    const device = "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44";
    const visit = { event: "checkout_started", distinctId: device, person: null };
    await tell(sandbox, { ...visit, properties: { ...checkout, $device_id: device, $is_identified: false } });
    await tell(sandbox, { ...visit, properties: { ...checkout, $process_person_profile: false } });
    for (const distinctId of ["anonymous", "undefined", "$company_acme"])
      for (const name of ["$identify", "$set", "$create_alias", "$groupidentify"])
        await tell(sandbox, { event: name, distinctId, properties: { $set: ada, alias: "ada" } });
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers).toEqual({});

    await tell(sandbox, {
      event: "$identify",
      properties: { $anon_distinct_id: device, $device_id: device, $is_identified: true, $set: ada },
      person: {},
    });
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers).toEqual({
      ada: { subscriberId: "ada", email: "ada@example.com", firstName: "Ada", lastName: "Lovelace" },
    });
    expect(sandbox.novu.triggers).toEqual([]);
  });
});

describe("a profile", () => {
  it("that changes is where the next email goes", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 1 });
    const set = { email: "countess@example.com", plan: "pro" };
    sandbox.posthog.capture({ event: "$set", distinctId: "ada", properties: { $set: set } });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.subscribers.ada).toMatchObject({
      email: "countess@example.com",
      firstName: "Ada",
      data: { plan: "pro" },
    });
    const emails = sandbox.novu.state.messages.filter(({ channel }) => channel === "email");
    expect(emails.map(({ to }) => to)).toEqual(["ada@example.com", "countess@example.com"]);
  });

  it("ends up as the last to arrive, as at PostHog, by itself or with a start", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ plan: "team" });
    const facts = [
      { event: "$identify", timestamp: at(0), person: { email: "first@example.com", phone: "+49" } },
      { event: "checkout_started", timestamp: at(1), properties: checkout, person: { email: "second@example.com" } },
      { event: "$set", timestamp: at(2), properties: { $set: { email: "third@example.com" } }, person: {} },
      { event: "user_signed_up", timestamp: at(3), person: { email: "fourth@example.com" } },
    ];
    const orders = permutations(facts);
    for (let turn = 0; turn < facts.length; turn += 1) {
      await Promise.all(orders.map((order, index) => tell(sandbox, { ...order[turn]!, distinctId: `p-${index}` })));
      // Some are sent one by one, others at the same time.
      if (turn % 2 === 0) await sandbox.settled();
    }
    await sandbox.settled();
    const emails = orders.map((_, index) => sandbox.novu.state.subscribers[`p-${index}`]?.email);
    const last = orders.map((order) => order.at(-1)!);
    const emailOf = { $identify: "first", checkout_started: "second", $set: "third", user_signed_up: "fourth" };
    expect(emails).toEqual(last.map(({ event }) => `${emailOf[event as keyof typeof emailOf]}@example.com`));
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it.each([
    ["20 h ahead, and a change of now", at(20 * 60), at(0)],
    ["now, and a change of two years ago", at(0), "2024-03-02T09:00:00.000Z"],
  ])("is the last to arrive, as at PostHog: one of %s", async (_name, first, second) => {
    await using sandbox = await testSandbox();
    const set = (email: string) => ({ $set: { email } });
    await tell(sandbox, { event: "$identify", timestamp: first, properties: set("old@example.com"), person: {} });
    await sandbox.settled();
    await tell(sandbox, { event: "$set", timestamp: second, properties: set("new@example.com"), person: {} });
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("new@example.com");
  });

  it("of Segment that is dated 14 days ahead does not stand against a later one", async () => {
    await using sandbox = await testSandbox({ withoutProfiles: true });
    const identify = (email: string, minutes: number) =>
      sandbox.segment.deliver(
        JSON.stringify(segmentEvent({ type: "identify", messageId: email, traits: { email }, timestamp: at(minutes) })),
      );
    identify("old@example.com", 14 * 24 * 60);
    await sandbox.travel({ minutes: 1 });
    identify("new@example.com", 1);
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("new@example.com");
  });

  it("that says nothing new costs nothing at Novu", async () => {
    await using sandbox = await testSandbox();
    const calls = countCalls(sandbox);
    for (let minute = 0; minute < 30; minute += 1)
      await tell(sandbox, { event: "$pageview", timestamp: at(minute), properties: { $set: ada } });
    await sandbox.settled();
    await tell(sandbox, { event: "$pageview", timestamp: at(60), properties: { $set: ada } });
    await sandbox.settled();
    expect(calls()).toBeLessThan(10);
    const before = calls();
    for (let minute = 61; minute < 70; minute += 1) {
      await tell(sandbox, { event: "$pageview", timestamp: at(minute), properties: { $set: ada } });
      await sandbox.settled();
    }
    expect(calls()).toBe(before);
  });

  it("is sent again when Novu was down, and again after an older one has overwritten it", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { status: 503 } : null));
    await tell(sandbox, { event: "user_signed_up", person: { email: "older@example.com" } });
    await sandbox.settled();
    await tell(sandbox, { event: "$identify", properties: { $set: { email: "newest@example.com" } }, person: {} });
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("newest@example.com");

    // The older start carries its address when it is tried again, and Novu fails when it gets the newer one.
    sandbox.novu.injectFault(({ path }) => (path.startsWith("/v2/subscribers") ? { status: 503 } : null));
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("older@example.com");
    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 5 });
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("newest@example.com");
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("that Novu refuses is ignored for a human, and holds up no start", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(({ path }) =>
      path.startsWith("/v2/subscribers") ? { status: 422, body: { statusCode: 422, message: "no such id" } } : null,
    );
    await tell(sandbox, { event: "$identify" });
    await tell(sandbox, { event: "user_signed_up" });
    await sandbox.settled();
    expect(await sandbox.app.store.jobs.listDead({ limit: 10 })).toMatchObject([
      { queue: "subscribers", attempts: 1, error: "Novu refuses the call (422): no such id" },
    ]);
    expect(sandbox.novu.triggers).toHaveLength(1);
  });
});

describe("two ids of one person", () => {
  const STORY = [
    { name: "start", event: "checkout_started", distinctId: "former", minutes: 0, properties: checkout },
    { name: "merge", event: "$merge_dangerously", distinctId: "kept", minutes: 1, properties: {} },
    { name: "exited", event: "checkout_completed", distinctId: "kept", minutes: 2, properties: {} },
  ];

  it("cancel a waiting run of the former by an exit of the kept one", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "old", properties: { ...checkout, $set: ada } });
    await sandbox.travel({ hours: 1 });
    sandbox.posthog.capture({ event: "$create_alias", distinctId: "ada", properties: { alias: "old" } });
    await sandbox.travel({ hours: 1 });
    sandbox.posthog.capture({ event: "checkout_completed", distinctId: "ada" });
    await sandbox.settled();
    expect(sandbox.novu.state.runs[0]?.jobs.map(({ status }) => status)).toContain("canceled");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list({ distinctId: "ada" })).toMatchObject([
      { outcome: "skipped", reason: "exited", detail: "checkout_completed" },
    ]);
  });

  it("have the same effect in any order of start, merge and exit", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ plan: "team", workflows: [oneEmail] });
    const orders = permutations(STORY);
    for (const [index] of orders.entries())
      for (const id of ["former", "kept"])
        sandbox.posthog.capture({ event: "$set", distinctId: `${id}-${index}`, properties: { $set: ada } });
    for (let turn = 0; turn < STORY.length; turn += 1) {
      for (const [index, order] of orders.entries()) {
        const { name, minutes, distinctId, properties, ...rest } = order[turn]!;
        await tell(sandbox, {
          ...rest,
          uuid: `${name}-${index}`,
          distinctId: `${distinctId}-${index}`,
          timestamp: at(minutes),
          properties: { ...properties, alias: `former-${index}` },
        });
      }
      await sandbox.settled();
    }
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    for (const [index] of orders.entries())
      expect(await sandbox.app.store.decisions.list({ distinctId: `kept-${index}` })).toMatchObject([
        {
          transactionId: `start-${index}:drop-off`,
          outcome: "skipped",
          reason: "exited",
          detail: "checkout_completed",
        },
      ]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("are counted together", async () => {
    const third = lifecycle({
      id: "third",
      name: "Third",
      description: "",
      category: "transactional",
      on: [event("searched", { occurrence: { nth: 3, within: { days: 7 } } })],
      payload: z.object({}),
      from: () => ({}),
      workflow: async ({ step }) => {
        await step.inApp("hello", () => ({ body: "Hello" }));
      },
    });
    await using sandbox = await testSandbox({ workflows: [third] });
    const search = (distinctId: string) => tell(sandbox, { event: "searched", distinctId });
    await search("visitor");
    await search("visitor");
    await sandbox.settled();
    await tell(sandbox, { event: "$identify", properties: { $anon_distinct_id: "visitor" } });
    await search("ada");
    await search("grace");
    await sandbox.travel({ seconds: 10 });
    expect(sandbox.novu.state.runs.map(({ subscriberId }) => subscriberId)).toEqual(["ada"]);
  });
});

describe("an event of an internal user", () => {
  it("is left alone when it is our own report, and not kept", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.connect({ ...destination(sandbox), events: null });
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 14 });
    const { deliveries } = sandbox.posthog.state;
    const echoes = deliveries.filter((one) => one.event.startsWith("notification "));
    expect(echoes.length).toBeGreaterThan(3);
    for (const { attempts } of echoes)
      expect(attempts).toMatchObject([{ status: 202, answer: expect.stringContaining("a report of this bridge") }]);
    expect(await sandbox.app.store.events.listIgnored({ limit: 100 })).toEqual([]);
    const metrics = await (await fetch(`${sandbox.app.url}/metrics`)).text();
    expect(metrics).toContain(`bridge_ignored_events_total{cause="echo"} ${echoes.length}`);
  });

  it("causes nothing when it is a colleague's or a test, and says so", async () => {
    await using sandbox = await testSandbox({ internalUsers: [{ domain: "acme.example" }] });
    const colleague = { person: { email: "cleo@acme.example" }, distinctId: "cleo" };
    const answers = [
      await tell(sandbox, { event: "user_signed_up", ...colleague }),
      await tell(sandbox, { event: "$identify", ...colleague }),
      await tell(sandbox, { event: "$pageview", properties: { this_is_an_example_event: true } }),
    ];
    await sandbox.settled();
    expect(answers).toEqual([
      { ignored: "an internal user, by rule 1 of INTERNAL_USERS" },
      { ignored: "an internal user, by rule 1 of INTERNAL_USERS" },
      { ignored: "PostHog's example event" },
    ]);
    expect([sandbox.novu.triggers, sandbox.novu.state.subscribers]).toEqual([[], {}]);
    expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toHaveLength(3);
  });
});

async function tell(sandbox: Sandbox, what: Parameters<typeof delivery>[0]): Promise<unknown> {
  const answer = await post(sandbox.app.url, delivery(what));
  expect(answer.status).toBe(202);
  return answer.json();
}

function destination({ app, config }: Sandbox) {
  return { url: `${app.url}/webhooks/posthog`, signingSecret: config.posthog.webhookSecrets[0]! };
}

/** The number of requests to Novu about subscribers. */
function countCalls(sandbox: Sandbox): () => number {
  let calls = 0;
  sandbox.novu.injectFault(({ path }) => {
    if (path.startsWith("/v2/subscribers")) calls += 1;
    return null;
  });
  return () => calls;
}
