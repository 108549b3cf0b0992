import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compareWorkflows, type PostHogReads } from "../../../src/comparison/compare.ts";
import type { Rhythm } from "../../../src/contracts/comparison.ts";
import { event, inactivity } from "../../../src/engine/event.ts";
import { campaign } from "../../support/campaign.ts";

const HOUR_MS = 60 * 60 * 1000;
const NOW = Date.parse("2026-03-30T09:00:00.000Z");
const hour = (ago: number) => NOW - ago * HOUR_MS;

/** A PostHog in which both events of the campaign came in each of the last 48 hours. */
const WELL: PostHogReads = {
  events: async () =>
    new Map([
      ["called", hour(0)],
      ["answered", hour(0)],
      ["$pageview", null],
    ]),
  properties: async () => new Map(),
  personProperties: async () => new Map(),
  hours: async ({ events }) =>
    new Map(
      events.map((name) => [name, Array.from({ length: 48 }, (_, index) => ({ hour: hour(48 - index), count: 9 }))]),
    ),
  newest: async () => [],
};

const compare = (changes: Partial<PostHogReads> = {}, given: Partial<Parameters<typeof compareWorkflows>[0]> = {}) =>
  compareWorkflows({
    ...{ workflows: [campaign()], personProperties: [], posthog: { ...WELL, ...changes } },
    ...{ arrivedHere: async () => new Map<string, Rhythm>(), sample: 100, now: NOW },
    ...given,
  });
const texts = async (...given: Parameters<typeof compare>) =>
  (await compare(...given)).problems.map(({ text }) => text);
const fails = () => Promise.reject(new Error("no"));

describe("the workflows, compared with PostHog,", () => {
  it("have no problem where all is well", async () => {
    expect(await compare()).toEqual({ problems: [], notes: [], notCompared: [], events: 2 });
  });

  it("have an event that PostHog has never seen, with the nearest name that no workflow waits for", async () => {
    const hours: PostHogReads["hours"] = async () => new Map([["answered", [{ hour: hour(1), count: 1 }]]]);
    const seen =
      (...names: string[]) =>
      async () =>
        new Map(names.map((name) => [name, hour(1)]));
    expect(await texts({ hours, events: seen("answered") })).toEqual(['"called" was never seen']);
    expect(await texts({ hours, events: seen("answered", "caled") })).toEqual([
      '"called" was never seen; PostHog has "caled"',
    ]);
    const both = { workflows: [campaign(), campaign({ id: "other", on: [event("caled")] })] };
    expect(await texts({ hours, events: seen("answered", "caled") }, both)).toEqual(['"called" was never seen']);
  });

  it("have an event that came until some time ago, by its rhythm or by its definition", async () => {
    const until =
      (ago: number): PostHogReads["hours"] =>
      async ({ events }) =>
        new Map(events.map((name) => [name, name === "called" ? hoursUntil(ago) : hoursUntil(1)]));
    const hoursUntil = (ago: number) =>
      Array.from({ length: 9 }, (_, index) => ({ hour: hour(ago + 8 - index), count: 1 }));
    expect(await texts({ hours: until(25) })).toEqual([]);
    expect(await texts({ hours: until(26) })).toEqual([
      '"called" has not come for 1 d 1 h; its longest pause in the 30 days before was 1 h',
    ]);
    const hours: PostHogReads["hours"] = async () => new Map([["answered", hoursUntil(1)]]);
    const lastSeen = (ago: number) => async () =>
      new Map([
        ["called", hour(ago)],
        ["answered", hour(1)],
      ]);
    expect(await texts({ hours, events: lastSeen(24 * 45) })).toEqual(['"called" has not come for 45 d']);
    expect(await texts({ hours, events: lastSeen(24 * 29) })).toEqual([]);
  });

  it("have no problem with an event that arrived here from another source, and with the event of our own sweep", async () => {
    const here = async () => new Map([["called", { lastHour: hour(1), pauses: 9, longestPauseMs: HOUR_MS }]]);
    const nothing = { events: async () => new Map(), hours: async () => new Map() };
    expect(await texts(nothing, { arrivedHere: here })).toEqual(['"answered" was never seen']);
    const swept = campaign({ on: [inactivity({ days: 30 })] });
    expect((await compare({}, { workflows: [swept] })).events).toBe(1);
  });

  it("have a note and no problem as long as no event has come", async () => {
    const nothing = { events: async () => new Map([["$pageview", hour(0)]]), hours: async () => new Map() };
    expect(await compare(nothing)).toMatchObject({
      problems: [],
      notes: ["none of the events of the workflows has come yet"],
    });
  });

  it("have declared person properties that PostHog has under another name, or lacks", async () => {
    const personProperties = [
      { name: "email", isExpected: true },
      { name: "seats", isExpected: true },
      { name: "first_name", isExpected: false },
      { name: "phone", isExpected: false },
    ];
    const seen = (...names: string[]) => ({
      personProperties: async () => new Map(names.map((name) => [name, "String"])),
    });
    expect(await texts(seen("Email ", "SEATS", "firstname"), { personProperties })).toEqual([
      'the person property "first_name" was never seen; PostHog has "firstname"',
    ]);
    expect(await texts(seen("e-mail"), { personProperties })).toEqual([
      'the person property "email" was never seen; PostHog has "e-mail"',
      'the person property "seats" was never seen',
    ]);
  });

  it("may read a property that only another of their events has", async () => {
    const two = campaign({
      on: [event("called"), event("visited")],
      payload: z.object({ amount: z.number().nullish() }),
      from: ({ properties }) => ({ amount: properties.amount }),
    });
    const newest =
      (has: string): PostHogReads["newest"] =>
      async ({ event: name }) =>
        Array.from({ length: 30 }, () => ({
          ...{ source: "posthog", uuid: "u", name, distinctId: "ada", occurredAt: new Date(NOW).toISOString() },
          ...{ properties: name === has ? { amount: 1 } : {}, personProperties: null },
        }));
    const events = async () => new Map(["called", "visited", "answered"].map((name) => [name, NOW]));
    expect(await texts({ events, newest: newest("visited") }, { workflows: [two] })).toEqual([]);
    expect(await texts({ events, newest: newest("none") }, { workflows: [two] })).toEqual([
      'campaign reads "amount", which the newest 30 "called" do not have',
      'campaign reads "amount", which the newest 30 "visited" do not have',
    ]);
  });

  it("read only the newest hours with enough events", async () => {
    const asked: unknown[] = [];
    await compare({
      newest: async ({ event: name, since, until, limit }) => {
        asked.push([name, since, until, limit]);
        return [];
      },
    });
    // 9 events an hour: 12 hours have more than 100.
    expect(asked).toEqual(["called", "answered"].map((name) => [name, hour(12), NOW, 100]));
  });

  it("have one note for all parts that failed for one reason", async () => {
    const { problems, notCompared } = await compare({
      ...{ events: fails, hours: fails, personProperties: fails },
    });
    expect([problems, notCompared]).toEqual([
      [],
      ["the names of events, the events of the last 30 days, and person properties are not compared: no"],
    ]);
    expect((await compare({ newest: fails })).notCompared).toEqual(["the properties of events are not compared: no"]);
    expect((await compare({}, { arrivedHere: fails })).notCompared).toEqual([
      "the events that arrived here are not compared: no",
    ]);
  });

  it("are compared with the events that arrived here, where there is no PostHog", async () => {
    const here = async () => new Map([["called", { lastHour: hour(30), pauses: 9, longestPauseMs: HOUR_MS }]]);
    expect(await compare({}, { posthog: null, arrivedHere: here })).toMatchObject({
      problems: [{ kind: "stopped", event: "called" }],
      notes: [expect.stringContaining("are not set, so only the events that arrived here are checked")],
    });
  });
});
