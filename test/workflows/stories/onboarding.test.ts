import { expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { onboarding } from "../../../src/workflows/onboarding.tsx";
import { openStory } from "../story.ts";

it("says in ten days what each person needs, and nothing once they are set up", async () => {
  await using story = await openStory({
    workflows: [onboarding],
    people: { ada: {}, grace: {}, joan: {}, katherine: {}, margaret: { unsubscribed_from: [onboarding.topic] } },
  });
  for (const person of ["ada", "grace", "joan", "katherine", "margaret"]) await story.does(person, "user_signed_up");
  await story.until("day 1 09:00");
  story.becomes("ada", { onboarding_step: "invite_team", features_used: ["alerts"] });
  story.becomes("joan", { features_used: ["alerts", "scheduled_reports", "segments"] });
  story.becomes("katherine", { onboarding_completed: true });
  await story.until("day 3 09:00");
  await story.does("grace", "onboarding_completed");
  await story.until("day 6 09:00");
  story.becomes("joan", { onboarding_completed: true });
  await story.until("day 14 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  onboarding  welcome  sent",
    "day 0 09:00  ada  onboarding  welcome-note  sent",
    "day 0 09:00  grace  onboarding  welcome  sent",
    "day 0 09:00  grace  onboarding  welcome-note  sent",
    "day 0 09:00  joan  onboarding  welcome  sent",
    "day 0 09:00  joan  onboarding  welcome-note  sent",
    "day 0 09:00  katherine  onboarding  welcome  sent",
    "day 0 09:00  katherine  onboarding  welcome-note  sent",
    `day 0 09:00  margaret  onboarding  welcome  not sent: opted out: ${onboarding.topic}`,
    `day 0 09:00  margaret  onboarding  welcome-note  not sent: opted out: ${onboarding.topic}`,
    "day 2 09:00  ada  onboarding  setup-nudge  sent",
    "day 2 09:00  grace  onboarding  setup-nudge  sent",
    "day 2 09:00  joan  onboarding  setup-nudge  sent",
    "day 2 09:00  katherine  onboarding  setup-nudge  not sent: not needed: onboarding is completed",
    `day 2 09:00  margaret  onboarding  setup-nudge  not sent: opted out: ${onboarding.topic}`,
    "day 3 09:00  grace  onboarding  feature-spotlight  not sent: exited: onboarding_completed",
    "day 3 09:00  grace  onboarding  check-in  not sent: exited: onboarding_completed",
    "day 5 09:00  ada  onboarding  feature-spotlight  sent",
    "day 5 09:00  joan  onboarding  feature-spotlight  not sent: not needed: has tried every feature",
    "day 5 09:00  katherine  onboarding  feature-spotlight  not sent: not needed: onboarding is completed",
    `day 5 09:00  margaret  onboarding  feature-spotlight  not sent: opted out: ${onboarding.topic}`,
    "day 10 09:00  ada  onboarding  check-in  sent",
    "day 10 09:00  joan  onboarding  check-in  not sent: not needed: onboarding is completed",
    "day 10 09:00  katherine  onboarding  check-in  not sent: not needed: onboarding is completed",
    `day 10 09:00  margaret  onboarding  check-in  not sent: opted out: ${onboarding.topic}`,
  ]);
  expect(story.subjects("ada")).toEqual([
    `Welcome to ${brand.name}`,
    `Welcome to ${brand.name}`,
    "Next: invite your team",
    "Have you tried scheduled reports?",
    "What is in the way?",
  ]);
  expect(story.inLocale("ada", "de").map(({ subject }) => subject)).toEqual([
    `Willkommen bei ${brand.name}`,
    `Willkommen bei ${brand.name}`,
    "Als Nächstes: dein Team einladen",
    "Kennst du schon Geplante Berichte?",
    "Woran liegt es?",
  ]);
});

it("welcomes once, also when the browser and the back end send the same sign-up", async () => {
  await using story = await openStory({ workflows: [onboarding], people: { ada: {} } });
  await story.does("ada", "user_signed_up");
  await story.does("ada", "user_signed_up", {}, {}, "2026-03-02T08:59:59.200Z");
  await story.until("day 2 09:00");
  await story.does("ada", "user_signed_up");

  const sent = (await story.lines()).filter((line) => line.endsWith("  sent"));
  expect(sent).toEqual([
    "day 0 09:00  ada  onboarding  welcome  sent",
    "day 0 09:00  ada  onboarding  welcome-note  sent",
    "day 2 09:00  ada  onboarding  setup-nudge  sent",
  ]);
  expect(await story.lines()).toContain("day 0 09:00  ada  onboarding  welcome  not sent: entered before");
});

it("greets by a name and says who has invited them, where these are names", async () => {
  const lure = "Claim your 500 EUR prize now: https://evil.example/win";
  const told: Record<string, [person: object, invited_by: unknown, says: string[]]> = {
    ada: [{ name: "Lovelace, Ada" }, "Grace Hopper", ["Hi Ada,", "Grace Hopper has invited you"]],
    grace: [{ name: undefined, first_name: "Grace" }, null, ["Hi Grace,", "Good to have you here."]],
    joan: [{ name: "null null" }, 42, ["Hi,", "Good to have you here."]],
    katherine: [{ name: "https://evil.example/win" }, lure, ["Hi,", "Good to have you here."]],
    linus: [{ name: "N/A" }, { name: lure }, ["Hi,", "Good to have you here."]],
  };
  const people = Object.fromEntries(Object.entries(told).map(([person, [properties]]) => [person, { ...properties }]));
  await using story = await openStory({ workflows: [onboarding], people });
  for (const [person, [, invited_by, says]] of Object.entries(told)) {
    await story.does(person, "user_signed_up", { invited_by });
    const [welcome] = story.messages(person);
    for (const words of says) expect([person, welcome?.content.body]).toEqual([person, expect.stringContaining(words)]);
    expect(JSON.stringify(story.messages(person))).not.toContain("evil.example");
  }
});

it("nudges to the step the person is at", async () => {
  const people = {
    ada: {},
    grace: { onboarding_step: "invite_team" },
    joan: { onboarding_step: "first_report" },
    katherine: { onboarding_step: "a step that is none" },
  };
  await using story = await openStory({ workflows: [onboarding], people });
  for (const person of Object.keys(people)) await story.does(person, "user_signed_up");
  await story.until("day 2 09:00");
  expect(Object.keys(people).map((person) => [person, story.subjects(person).at(-1)])).toEqual([
    ["ada", "Next: connect your data"],
    ["grace", "Next: invite your team"],
    ["joan", "Next: build your first report"],
    ["katherine", "Next: connect your data"],
  ]);
});
