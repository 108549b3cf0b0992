import { expect, it } from "vitest";
import { stepNudge } from "../../../src/workflows/step-nudge.tsx";
import { emailHtml } from "../../support/emails.ts";
import { openStory, type Story } from "../story.ts";

it("sums up an hour of steps in one email, and another hour in another", async () => {
  await using story = await openStory({ workflows: [stepNudge], people: { ada: {} } });
  await completes(story, "ada", "invite_team", "first_report");
  await story.until("day 0 09:20");
  await completes(story, "ada", "connect_data", "first_report");
  await story.until("day 0 09:40");
  await completes(story, "ada", "invite_team", "first_report");
  await story.until("day 0 12:00");
  await completes(story, "ada", "connect_data", "invite_team");
  await story.until("day 1 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  step-nudge  next-step  not sent: digested: ada-1:step-nudge",
    "day 0 10:00  ada  step-nudge  next-step  not sent: digested: ada-1:step-nudge",
    "day 0 10:00  ada  step-nudge  next-step  sent",
    "day 0 13:00  ada  step-nudge  next-step  sent",
  ]);
  expect(story.subjects("ada")).toEqual([
    "Well done. Next: build your first report",
    "Well done. Next: invite your team",
  ]);
  expect(textOf(story, "ada")).toContain(
    "This is done: connect your data; invite your team; Now build your first report.",
  );
});

it("has nothing to say to whom the hour brought to the end", async () => {
  await using story = await openStory({
    workflows: [stepNudge],
    people: { grace: {}, joan: {}, katherine: {}, margaret: { unsubscribed_from: ["all"] } },
  });
  for (const person of ["grace", "joan", "katherine", "margaret"])
    await completes(story, person, "connect_data", "invite_team");
  await story.until("day 0 09:30");
  await story.does("grace", "onboarding_completed");
  story.becomes("joan", { onboarding_completed: true });
  await completes(story, "katherine", "invite_team", "first_report");
  await completes(story, "katherine", "first_report", "first_report");
  await story.until("day 1 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:30  grace  step-nudge  next-step  not sent: exited: onboarding_completed",
    "day 0 10:00  joan  step-nudge  next-step  not sent: not needed: onboarding is completed",
    "day 0 10:00  katherine  step-nudge  next-step  not sent: digested: katherine-1:step-nudge",
    "day 0 10:00  katherine  step-nudge  next-step  not sent: digested: katherine-1:step-nudge",
    "day 0 10:00  katherine  step-nudge  next-step  not sent: not needed: no step is left",
    "day 0 10:00  margaret  step-nudge  next-step  not sent: opted out: all",
  ]);
  expect(story.sandbox.novu.state.messages).toEqual([]);
});

it("does not name a step as the next that is done, although PostHog is not that far yet", async () => {
  await using story = await openStory({ workflows: [stepNudge], people: { ada: { onboarding_step: "connect_data" } } });
  await story.does("ada", "onboarding_step_completed", { step: "connect_data" });
  await story.until("day 0 10:00");
  expect(story.subjects("ada")).toEqual(["Well done. Next: invite your team"]);
});

it("has an email that names the next step when it does not know what is done", async () => {
  const email = await emailHtml("next-step.tsx", { completed: [] });
  expect(email).toContain("Now build your first report");
  expect(email).not.toContain("This is done:");
});

/** A finished step of the set-up; the person is at another one afterwards. */
function completes(story: Story, person: string, step: string, next: string): Promise<void> {
  return story.does(person, "onboarding_step_completed", { step }, { onboarding_step: next });
}

/** The body of a person's first email, without its tags and with a semicolon after each item of a list. */
function textOf(story: Story, person: string): string {
  return String(story.messages(person)[0]?.content.body)
    .replaceAll("</li>", "; ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .replaceAll(" ;", ";");
}
