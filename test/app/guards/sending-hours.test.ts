import { describe, expect, it } from "vitest";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

/** When an email that is due at `due` goes out. */
async function sentAt(due: string, $timezone?: string): Promise<string[]> {
  await using sandbox = await testSandbox({ workflows: [campaign()], startAt: Date.parse(due) });
  happen(sandbox, "called", { $timezone });
  await sandbox.travel({ days: 2 });
  expect(await decisions(sandbox)).toEqual([["call", "sent", null, null]]);
  return sandbox.novu.state.messages.map((message) => new Date(message.sentAt).toISOString());
}

describe("marketing that is due at 22:00 in the person's zone goes at 09:00 the next morning", () => {
  it.each([
    ["America/New_York", "2026-01-14T03:00:00.000Z", "2026-01-14T14:00:00.000Z"],
    ["Asia/Tokyo", "2026-01-14T13:00:00.000Z", "2026-01-15T00:00:00.000Z"],
    ["Pacific/Auckland", "2026-01-14T09:00:00.000Z", "2026-01-14T20:00:00.000Z"],
    ["America/New_York", "2026-03-08T03:00:00.000Z", "2026-03-08T13:00:00.000Z"],
    ["America/New_York", "2026-11-01T02:00:00.000Z", "2026-11-01T14:00:00.000Z"],
    ["Pacific/Auckland", "2026-04-04T09:00:00.000Z", "2026-04-04T21:00:00.000Z"],
    ["Pacific/Auckland", "2026-09-26T10:00:00.000Z", "2026-09-26T20:00:00.000Z"],
  ])("%s at %s", async (zone, due, morning) => {
    expect(await sentAt(due, zone)).toEqual([morning]);
  });

  it("to the minute: not a moment before the hours begin, and at once in their last", async () => {
    expect(await sentAt("2026-03-02T08:59:59.001Z")).toEqual(["2026-03-02T09:00:00.001Z"]);
    expect(await sentAt("2026-03-02T19:59:59.999Z")).toEqual(["2026-03-02T19:59:59.999Z"]);
    expect(await sentAt("2026-03-02T20:00:00.000Z")).toEqual(["2026-03-03T09:00:00.000Z"]);
  });

  it("by the clock of the app when the person's zone is none, which is counted", async () => {
    await using sandbox = await testSandbox({
      workflows: [campaign()],
      startAt: Date.parse("2026-03-02T22:00:00.000Z"),
    });
    happen(sandbox, "called", { $timezone: "Mars/Olympus_Mons" });
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages.map((message) => new Date(message.sentAt).toISOString())).toEqual([
      "2026-03-03T09:00:00.000Z",
    ]);
    const metrics = await (await fetch(`${sandbox.app.url}/metrics`)).text();
    expect(Number(/^bridge_invalid_time_zones_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  it.each([
    ["of the event, where the person has none", { event: "America/Los_Angeles", person: {} }, "17:00"],
    [
      "of the event, before that of an address on the net",
      { event: "America/Los_Angeles", person: { $geoip_time_zone: "Europe/Berlin" } },
      "17:00",
    ],
    [
      "of the person, before that of the event",
      { event: "America/Los_Angeles", person: { $timezone: "Europe/Berlin" } },
      "09:00",
    ],
    [
      "of an address on the net, where the event's is none",
      { event: "Mars/Olympus_Mons", person: { $geoip_time_zone: "America/Los_Angeles" } },
      "17:00",
    ],
  ])("by the zone %s", async (_name, { event: $timezone, person }, at) => {
    await using sandbox = await testSandbox({
      workflows: [campaign()],
      startAt: Date.parse("2026-03-02T09:00:00.000Z"),
    });
    const $set = { email: "ada@example.com", ...person };
    sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: { $timezone, $set } });
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages.map(({ sentAt }) => new Date(sentAt).toISOString())).toEqual([
      `2026-03-02T${at}:00.000Z`,
    ]);
  });

  it("by the zone as it is by then, not as it was at the event", async () => {
    await using sandbox = await testSandbox({
      startAt: Date.parse("2026-03-02T09:00:00.000Z"),
      workflows: [
        campaign({
          async workflow({ step }) {
            await step.wait("a-day", { days: 1 });
            await step.email("call", mail);
          },
        }),
      ],
    });
    happen(sandbox, "called", { $timezone: "Europe/London" });
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { $timezone: "America/New_York" });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages.map((message) => new Date(message.sentAt).toISOString())).toEqual([
      "2026-03-03T14:00:00.000Z",
    ]);
  });
});

describe("at night", () => {
  const night = { startAt: Date.parse("2026-03-02T23:00:00.000Z") };

  it("the welcome goes at once", async () => {
    await using sandbox = await testSandbox(night);
    happen(sandbox, "user_signed_up");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toContain("welcome");
  });

  it("so do a note in the app, and what is no marketing", async () => {
    const workflows = [
      campaign({ workflow: async ({ step }) => void (await step.inApp("note", () => ({ body: "A note" }))) }),
      campaign({ id: "receipt", category: "transactional" }),
    ];
    await using sandbox = await testSandbox({ workflows, ...night });
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId).sort()).toEqual(["call", "note"]);
  });

  it("but what is no marketing can wait for the morning as well", async () => {
    const receipt = campaign({
      category: "transactional",
      workflow: ({ step }) => step.email("call", mail, { atAnyHour: false }),
    });
    await using sandbox = await testSandbox({ workflows: [receipt], ...night });
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toEqual([]);
    await sandbox.travel({ hours: 10 });
    expect(sandbox.novu.state.messages.map(({ sentAt }) => new Date(sentAt).toISOString())).toEqual([
      "2026-03-03T09:00:00.000Z",
    ]);
  });

  it("an exit ends the wait for the morning", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], ...night });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 5 });
    happen(sandbox, "answered");
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "exited", "answered"]]);
  });

  it("a person who has opted out by the morning does not wait: the guards run first", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], ...night });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 5 });
    sandbox.posthog.setPerson("ada", { unsubscribed_from: ["offers"] });
    await sandbox.travel({ days: 1 });
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "opted out", "offers"]]);
  });

  it("a person who is deleted by then waits by the event's zone, and is not found", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], ...night });
    happen(sandbox, "called");
    sandbox.posthog.deletePerson("ada");
    await sandbox.travel({ days: 1 });
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "person not found", null]]);
  });
});
