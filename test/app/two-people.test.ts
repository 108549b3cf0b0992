import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../support/campaign.ts";
import { testSandbox } from "../support/sandbox.ts";

const DEVICE = "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44";
const AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});

const idsOf = async (sandbox: Sandbox, distinctId: string) =>
  (await sandbox.app.store.people.findOptOuts(distinctId)).distinctIds;

describe("two people who are both identified", () => {
  async function bothIdentified(): Promise<Sandbox> {
    const sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    for (const distinctId of ["ada", "bob"]) {
      const properties = { $is_identified: true, $set: { email: `${distinctId}@example.com` } };
      sandbox.posthog.capture({ event: "$identify", distinctId, properties });
    }
    happen(sandbox, "called");
    await sandbox.settled();
    return sandbox;
  }

  it.each([
    ["$identify", { $anon_distinct_id: "ada" }],
    ["$create_alias", { alias: "ada" }],
    ["$set", { "": "ada", $set: { plan: "pro" } }],
  ])("stay two after %s, which PostHog refuses", async (event, properties) => {
    await using sandbox = await bothIdentified();
    sandbox.posthog.capture({ event, distinctId: "bob", properties });
    await sandbox.settled();
    expect(await idsOf(sandbox, "bob")).toEqual(["bob"]);
    sandbox.posthog.capture({ event: "answered", distinctId: "bob" });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toMatchObject([{ to: "ada@example.com" }]);
    await sandbox.app.store.people.delete("bob");
    expect((await sandbox.app.store.people.listRecords("ada")).runs).toHaveLength(1);
  });

  it("says why in what was ignored", async () => {
    await using sandbox = await bothIdentified();
    sandbox.posthog.capture({ event: "$identify", distinctId: "bob", properties: { $anon_distinct_id: "ada" } });
    await sandbox.settled();
    expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toMatchObject([
      { distinctId: "bob", reason: "PostHog has two persons for the two ids of this event, so they are not merged" },
    ]);
  });

  it("are one after $merge_dangerously", async () => {
    await using sandbox = await bothIdentified();
    sandbox.posthog.capture({ event: "$merge_dangerously", distinctId: "bob", properties: { alias: "ada" } });
    await sandbox.settled();
    expect(await idsOf(sandbox, "bob")).toEqual(["ada", "bob"]);
  });

  it("are not joined while PostHog cannot be asked", async () => {
    await using sandbox = await bothIdentified();
    sandbox.posthog.injectFault(({ path }) => (path.includes("/persons/") ? { status: 503 } : null));
    sandbox.posthog.capture({ event: "$identify", distinctId: "bob", properties: { $anon_distinct_id: "ada" } });
    sandbox.posthog.capture({ event: "$identify", distinctId: "bob", properties: { $anon_distinct_id: "visitor" } });
    await sandbox.travel({ minutes: 1 });
    expect(await idsOf(sandbox, "bob")).toEqual(["bob"]);
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 5 });
    expect(await idsOf(sandbox, "bob")).toEqual(["bob", "visitor"]);
  });
});

describe("an event of a visitor", () => {
  const anonymous = { $device_id: DEVICE, $is_identified: false };

  it("is the person's when the visitor turns out to be one within the hour", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.posthog.capture({
      event: "called",
      distinctId: DEVICE,
      properties: anonymous,
      uuid: "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e99",
    });
    await sandbox.travel({ minutes: 59 });
    expect(sandbox.novu.triggers).toEqual([]);
    const $set = { email: "ada@example.com" };
    const properties = { $anon_distinct_id: DEVICE, $is_identified: true, $set };
    sandbox.posthog.capture({ event: "$identify", distinctId: "ada", properties });
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toMatchObject([{ subscriberId: "ada", to: "ada@example.com" }]);
    expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toEqual([]);

    sandbox.posthog.resend("0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e99");
    sandbox.posthog.capture({ event: "$identify", distinctId: "ada", properties });
    await sandbox.travel({ minutes: 5 });
    expect(sandbox.novu.state.messages).toHaveLength(1);
  });

  it("stays to be seen when its body was too long to be kept whole", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const properties = { ...anonymous, page: "x".repeat(30_000) };
    sandbox.posthog.capture({ event: "called", distinctId: DEVICE, properties });
    await sandbox.settled();
    sandbox.posthog.capture({ event: "$identify", distinctId: "ada", properties: { $anon_distinct_id: DEVICE } });
    await sandbox.travel({ minutes: 1 });
    expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toMatchObject([
      { eventName: "called", distinctId: DEVICE },
    ]);
  });

  it("is not saved after the hour, nor for another visitor", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.posthog.capture({ event: "called", distinctId: DEVICE, properties: anonymous });
    sandbox.posthog.capture({
      event: "$identify",
      distinctId: "bob",
      properties: { $anon_distinct_id: "other", $set: { email: "bob@example.com" } },
    });
    await sandbox.travel({ minutes: 61 });
    sandbox.posthog.capture({
      event: "$identify",
      distinctId: "ada",
      properties: { $anon_distinct_id: DEVICE, $set: { email: "ada@example.com" } },
    });
    await sandbox.travel({ minutes: 5 });
    expect(await decisions(sandbox)).toEqual([]);
  });

  it("is kept for that while others flood in", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.posthog.capture({ event: "called", distinctId: DEVICE, properties: anonymous });
    await sandbox.settled();
    const about = { source: "posthog", eventUuid: null, eventName: null, distinctId: null, body: "{}" } as const;
    const receivedAt = new Date(sandbox.clock.now()).toISOString();
    await Promise.all(
      Array.from({ length: 1_500 }, () =>
        sandbox.app.store.events.insertIgnored({ ...about, receivedAt, reason: "no" }),
      ),
    );
    sandbox.posthog.capture({
      event: "$identify",
      distinctId: "ada",
      properties: { $anon_distinct_id: DEVICE, $set: { email: "ada@example.com" } },
    });
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toMatchObject([{ to: "ada@example.com" }]);
  });

  it("is looked at again for Segment's users as well, by the device of their identify", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.segment.send({ type: "track", event: "called", userId: "", anonymousId: "device-1" });
    await sandbox.settled();
    expect(sandbox.novu.triggers).toEqual([]);
    sandbox.segment.send({
      type: "identify",
      userId: "ada",
      anonymousId: "device-1",
      traits: { email: "ada@example.com" },
    });
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toMatchObject([{ subscriberId: "ada", to: "ada@example.com" }]);
    expect(await idsOf(sandbox, "ada")).toEqual(["ada"]);
  });
});
