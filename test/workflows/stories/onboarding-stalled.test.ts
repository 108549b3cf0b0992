import { expect, it } from "vitest";
import { onboardingStalled } from "../../../src/workflows/onboarding-stalled.tsx";
import { openStory } from "../story.ts";

const stuck = { onboarding_step: "invite_team" };

it("helps in the app, on the phone and, who has not seen that, by email", async () => {
  await using story = await openStory({
    workflows: [onboardingStalled],
    people: {
      ada: { ...stuck, push_enabled: true },
      grace: { ...stuck, push_enabled: true },
      joan: stuck,
      katherine: { onboarding_completed: true },
      margaret: { unsubscribed_from: [onboardingStalled.topic] },
    },
  });
  for (const person of ["ada", "grace", "joan", "katherine", "margaret"])
    await story.does(person, "onboarding_stalled", { step: "connect_data" });
  await story.until("day 0 12:00");
  await story.sees("grace");
  await story.does("joan", "onboarding_step_completed", { step: "invite_team" });
  await story.until("day 2 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  onboarding-stalled  help-note  sent",
    "day 0 09:00  ada  onboarding-stalled  help-push  sent",
    "day 0 09:00  grace  onboarding-stalled  help-note  sent",
    "day 0 09:00  grace  onboarding-stalled  help-push  sent",
    "day 0 09:00  joan  onboarding-stalled  help-note  sent",
    "day 0 09:00  joan  onboarding-stalled  help-push  not sent: unreachable: Novu has no push token",
    "day 0 09:00  katherine  onboarding-stalled  help-note  not sent: not needed: onboarding is completed",
    "day 0 09:00  katherine  onboarding-stalled  help-push  not sent: not needed: onboarding is completed",
    `day 0 09:00  margaret  onboarding-stalled  help-note  not sent: opted out: ${onboardingStalled.topic}`,
    `day 0 09:00  margaret  onboarding-stalled  help-push  not sent: opted out: ${onboardingStalled.topic}`,
    "day 0 12:00  joan  onboarding-stalled  help-email  not sent: exited: onboarding_step_completed",
    "day 0 15:00  ada  onboarding-stalled  help-email  sent",
    "day 0 15:00  grace  onboarding-stalled  help-email  not sent: not needed: has seen the note",
    "day 0 15:00  katherine  onboarding-stalled  help-email  not sent: not needed: onboarding is completed",
    `day 0 15:00  margaret  onboarding-stalled  help-email  not sent: opted out: ${onboardingStalled.topic}`,
  ]);
  const ada = story.messages("ada").map(({ channel, content, to }) => [channel, content.subject, to]);
  expect(ada).toEqual([
    ["in_app", "Need help?", null],
    ["push", "Need help?", "ada's phone"],
    ["email", "Help to invite your team", "ada@example.com"],
  ]);
});

it("lets phones rest at night, and asks once in all that time", async () => {
  await using story = await openStory({
    workflows: [onboardingStalled],
    people: { ada: { push_enabled: true } },
    startAt: Date.parse("2026-03-02T21:00:00.000Z"),
  });
  await story.does("ada", "onboarding_stalled", { step: "first_report" });
  await story.until("day 1 08:00");
  await story.does("ada", "onboarding_stalled");
  await story.until("day 2 09:00");

  expect(await story.lines()).toEqual([
    "day 0 21:00  ada  onboarding-stalled  help-note  sent",
    "day 1 08:00  ada  onboarding-stalled  help-note  not sent: entered before",
    "day 1 08:00  ada  onboarding-stalled  help-push  not sent: entered before",
    "day 1 08:00  ada  onboarding-stalled  help-email  not sent: entered before",
    "day 1 09:00  ada  onboarding-stalled  help-push  sent",
    "day 1 15:00  ada  onboarding-stalled  help-email  sent",
  ]);
  // PostHog does not say where she is, so it is what the event said.
  expect(story.messages("ada").map(({ content }) => content.body)).toEqual([
    "Still open: build your first report.",
    "Still open: build your first report.",
    expect.stringContaining("build your first report"),
  ]);
});

it("does not need the step of the event to be readable", async () => {
  await using story = await openStory({ workflows: [onboardingStalled], people: { ada: {}, grace: stuck } });
  await story.does("ada", "onboarding_stalled", { step: 42 });
  await story.does("grace", "onboarding_stalled", { step: { key: "connect_data" } });
  expect(["ada", "grace"].map((person) => story.messages(person)[0]?.content.body)).toEqual([
    "Still open: connect your data.",
    "Still open: invite your team.",
  ]);
});
