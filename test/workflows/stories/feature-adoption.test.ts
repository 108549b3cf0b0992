import { expect, it } from "vitest";
import { featureAdoption } from "../../../src/workflows/feature-adoption.tsx";
import { emailHtml } from "../../support/emails.ts";
import { openStory, type Story } from "../story.ts";

it("sends one guide an hour, however many features a first session tries", async () => {
  await using story = await openStory({ workflows: [featureAdoption], people: { ada: {}, grace: {} } });
  await tries(story, "ada", "segments");
  await tries(story, "ada", "alerts");
  await story.does("ada", "dashboard_first_viewed");
  await story.does("grace", "dashboard_first_viewed");
  await story.until("day 0 10:01");
  await tries(story, "ada", "scheduled_reports");
  await story.until("day 1 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  feature-adoption  feature-guide  sent",
    "day 0 09:00  grace  feature-adoption  feature-guide  sent",
    "day 0 09:10  ada  feature-adoption  feature-guide  not sent: throttled",
    "day 0 09:10  ada  feature-adoption  feature-guide  not sent: throttled",
    "day 0 10:01  ada  feature-adoption  feature-guide  sent",
  ]);
  expect(story.subjects("ada")).toEqual(["Get more out of segments", "Get more out of scheduled reports"]);
  expect(story.subjects("grace")).toEqual(["Get more out of dashboards"]);
});

it("is not for everybody, nor for every feature", async () => {
  await using story = await openStory({
    workflows: [featureAdoption],
    people: { ada: {}, joan: { unsubscribed_from: [featureAdoption.topic] } },
  });
  await tries(story, "joan", "alerts");
  // There is no guide to it, so it does not use up the hour's email.
  await tries(story, "ada", "api_keys");
  await tries(story, "ada", "alerts");
  await story.until("day 1 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  feature-adoption  feature-guide  sent",
    `day 0 09:00  joan  feature-adoption  feature-guide  not sent: opted out: ${featureAdoption.topic}`,
  ]);
  expect(story.subjects("ada")).toEqual(["Get more out of alerts"]);
  expect(story.sandbox.novu.triggers).toHaveLength(2);
});

it("has an email that needs no tips", async () => {
  const email = await emailHtml("feature-guide.tsx", { tips: [] });
  expect(email).toContain("Open alerts");
  expect(email).not.toContain("What helps from here:");
});

function tries(story: Story, person: string, feature: string): Promise<void> {
  return story.does(person, "feature_first_used", { feature_name: feature });
}
