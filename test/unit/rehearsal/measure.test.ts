import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { isNight } from "../../../src/rehearsal/report/night.ts";
import { after, facts, people, reportOf, run } from "../../support/outcomes.ts";

const STEPS = { onboarding: ["welcome", "welcome-note", "check-in"], "drop-off": ["recovery"] };

it("counts each workflow, and everything over all workflows", async () => {
  const signUp = (more: Parameters<typeof run>[1]) => run("onboarding", { event: "user_signed_up", ...more });
  const welcome = { welcome: { sent: "0 h" }, "welcome-note": { sent: "0 h" } };
  const { now } = await reportOf({
    now: {
      facts: facts("main", STEPS, { ignored: { "too late": 2, "no workflow": 40 } }),
      people: [
        ...people("a", 3, signUp({ endedAt: "10 d", messages: { ...welcome, "check-in": { sent: "10 d" } } })),
        ...people(
          "b",
          2,
          signUp({
            endedAt: "2 d",
            exit: "onboarding_completed",
            messages: { ...welcome, "check-in": { not: "exited" } },
          }),
          run("drop-off", { at: "1 d", messages: { recovery: { not: "over the cap" } } }),
          run("drop-off", { at: "2 d", status: "failed", messages: { recovery: { failed: "lost at Novu" } } }),
          run("drop-off", { at: "3 d", status: "not started" }),
        ),
        ...people("c", 1, signUp({ messages: { welcome: { sent: "0 h", isAfterExit: true } } })),
        ...people("d", 4),
      ],
    },
  });
  expect(now).toMatchObject({ people: 10, reached: 6, overCap: 2, afterExit: 1, atNight: 0, overWeek: 0 });
  expect(now.sent).toEqual([
    { name: "email", count: 9 },
    { name: "in_app", count: 5 },
  ]);
  expect(now.notSent).toEqual([
    { name: "exited", count: 2 },
    { name: "lost at Novu", count: 2 },
    { name: "over the cap", count: 2 },
  ]);
  expect(now.failed).toEqual([{ name: "lost at Novu", count: 2 }]);
  expect(now.ignored).toEqual([
    { name: "no workflow", count: 40 },
    { name: "too late", count: 2 },
  ]);
  const [onboarding, dropOff] = now.workflows;
  expect(onboarding).toEqual({
    id: "onboarding",
    people: 6,
    runs: 6,
    notStarted: 0,
    failed: 0,
    sent: now.sent,
    notSent: [{ name: "exited", count: 2 }],
    exits: [{ name: "onboarding_completed", count: 2 }],
    steps: [
      { step: "welcome", channel: "email", sent: 6, notSent: [] },
      { step: "welcome-note", channel: "in_app", sent: 5, notSent: [] },
      { step: "check-in", channel: "email", sent: 3, notSent: [{ name: "exited", count: 2 }] },
    ],
  });
  expect(dropOff).toMatchObject({ id: "drop-off", people: 2, runs: 4, notStarted: 2, failed: 2, sent: [] });
});

describe("a week", () => {
  it.each([
    ["three messages", 3, ["0 d", "1 d", "2 d"], 0],
    ["a fourth after a week", 3, ["0 d", "1 d", "2 d", "7 d"], 0],
    ["a fourth a minute before", 3, ["0 d", "1 d", "2 d", "6 d 23 h 59 min"], 1],
    ["four later, in any order", 3, ["23 d", "1 d", "21 d", "20 d", "22 d"], 1],
    ["two, where one is enough", 1, ["0 d", "6 d"], 1],
    ["one, where none is enough", 0, ["0 d"], 1],
  ])("with %s", async (_what, mostPerWeek, times, expected) => {
    const runs = times.map((sent) =>
      run("drop-off", { at: sent, messages: { recovery: { sent }, note: { sent, channel: "in_app" } } }),
    );
    const now = { facts: facts("main", STEPS), people: people("a", 1, ...runs) };
    expect((await reportOf({ now }, { mostPerWeek })).now.overWeek).toBe(expected);
  });
});

describe("the night", () => {
  it.each([
    ["Europe/Berlin", "2026-03-10T21:59:59.999+01:00", false],
    ["Europe/Berlin", "2026-03-10T22:00+01:00", true],
    ["Europe/Berlin", "2026-03-10T06:59:59.999+01:00", true],
    ["Europe/Berlin", "2026-03-10T07:00+01:00", false],
    // The clocks go forward on the 29th.
    ["Europe/Berlin", "2026-03-28T07:00+01:00", false],
    ["Europe/Berlin", "2026-03-29T06:30+02:00", true],
    ["Europe/Berlin", "2026-03-29T07:00+02:00", false],
    ["America/New_York", "2026-03-07T22:30-05:00", true],
    ["Asia/Kathmandu", "2026-03-10T22:00+05:45", true],
    ["Pacific/Kiritimati", "2026-03-10T21:30+14:00", false],
    ["UTC", "2026-03-10T23:00Z", true],
    ["No/Such_Zone", "2026-03-10T12:00Z", false],
    ["", "2026-03-10T23:00Z", true],
  ])("in %s at %s: %s", (timeZone, at, expected) => {
    expect(isNight(Date.parse(at), timeZone)).toBe(expected);
  });

  it("is right all year, in any order of the messages", () => {
    const hours = Array.from(
      { length: 366 * 8 },
      (_, index) => after("0 h") + ((index * 2_447) % (366 * 8)) * 3 * 3_600_000,
    );
    for (const zone of ["Europe/Berlin", "Australia/Lord_Howe"]) {
      const wrong = hours.filter((at) => {
        const { hour } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
        return isNight(at, zone) !== (hour >= 22 || hour < 7);
      });
      expect(wrong).toEqual([]);
    }
  });

  it("counts only messages that interrupt people", async () => {
    const messages = { recovery: { sent: "12 h" }, "a-push": { sent: "12 h" }, "a-note": { sent: "12 h" } };
    const now = { facts: facts("main", STEPS), people: people("a", 2, run("drop-off", { messages })) };
    expect((await reportOf({ now })).now.atNight).toBe(4);
  });
});
