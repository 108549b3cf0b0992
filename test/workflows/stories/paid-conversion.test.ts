import { expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { paidConversion } from "../../../src/workflows/paid-conversion.tsx";
import { campaign } from "../../support/campaign.ts";
import { emailHtml } from "../../support/emails.ts";
import { leadsTo, linksIn } from "../../support/links.ts";
import { openStory, type Story } from "../story.ts";

const workflows = [paidConversion];
const DAY_MS = 24 * 60 * 60 * 1000;

it("makes an offer at the third look at the prices, and names one last day", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {} } });
  await looksAtPrices(story, "grace", 2);
  await looksAtPrices(story, "ada", 3);
  await story.until("day 8 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  paid-conversion  offer-email  sent",
    "day 5 10:00  ada  paid-conversion  offer-reminder  sent",
  ]);
  expect(story.subjects("ada")).toEqual(["Until 9 March: 20% off the first year", "Your offer ends on 9 March"]);
  const german = story.inLocale("ada", "de").map(({ subject }) => subject);
  expect(german).toEqual(["Bis zum 9. März: 20\u00a0% Rabatt im ersten Jahr", "Dein Angebot endet am 9. März"]);
  const [email] = story.messages("ada");
  expect(email?.content.body).toContain("You have had a look at our prices.");
  expect(email?.content.body).toContain("If you upgrade by 9 March, you get 20% off the first year.");
});

it("names the day that it is where the person was, in both messages", async () => {
  await using story = await openStory({ workflows, people: { ada: { $timezone: "Pacific/Kiritimati" } } });
  await story.does("ada", "trial_day_12");
  await story.until("day 2 09:00");
  story.becomes("ada", { $timezone: "America/Los_Angeles" });
  await story.until("day 8 09:00");

  // Her morning begins at 19:00; a week from the offer it is the 10th there, and still the 9th elsewhere.
  expect(await story.lines()).toEqual([
    "day 0 19:00  ada  paid-conversion  offer-email  sent",
    "day 5 19:00  ada  paid-conversion  offer-reminder  sent",
  ]);
  expect(story.subjects("ada")).toEqual(["Until 10 March: 20% off the first year", "Your offer ends on 10 March"]);
  expect(story.messages("ada")[0]?.content.body).toContain(`You have tried ${brand.name} for yourself.`);
});

it("promises the same in both messages, with either offer, even when the flag changes", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  story.sandbox.posthog.setFlag("paid-offer", "two-months");
  await story.does("ada", "trial_day_12");
  await story.until("day 2 09:00");
  story.sandbox.posthog.setFlag("paid-offer", "control");
  await story.until("day 8 09:00");

  const [email, note] = story.messages("ada");
  expect(email?.content.subject).toBe("Until 9 March: two months free");
  expect(email?.content.body).toContain("you get two months free.");
  expect(await leadsTo(linksIn(email ?? { content: {} })[0])).toContain("offer=two-months");
  expect(note?.content.body).toBe("If you upgrade by then, you get two months free.");
});

it("has no offer for customers", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: { plan: "pro" }, linus: {} } });
  for (const person of ["ada", "grace", "linus"]) await story.does(person, "trial_day_12");
  await story.until("day 2 09:00");
  await story.does("ada", "subscription_upgraded");
  // By hand, after a call: no event says so.
  story.becomes("linus", { plan: "team" });
  await story.until("day 8 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  paid-conversion  offer-email  sent",
    "day 0 10:00  grace  paid-conversion  offer-email  not sent: not needed: is on the pro plan",
    "day 0 10:00  linus  paid-conversion  offer-email  sent",
    "day 2 09:00  ada  paid-conversion  offer-reminder  not sent: exited: subscription_upgraded",
    "day 5 10:00  grace  paid-conversion  offer-reminder  not sent: not needed: is on the pro plan",
    "day 5 10:00  linus  paid-conversion  offer-reminder  not sent: not needed: is on the team plan",
  ]);
});

it("makes one offer in a month, for any sign of interest", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  await story.does("ada", "trial_day_12");
  await story.until("day 10 09:00");
  await looksAtPrices(story, "ada", 3);
  await story.until("day 31 09:00");
  await story.does("ada", "trial_day_12");
  await story.until("day 38 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  paid-conversion  offer-email  sent",
    "day 5 10:00  ada  paid-conversion  offer-reminder  sent",
    "day 10 09:00  ada  paid-conversion  offer-email  not sent: entered before",
    "day 10 09:00  ada  paid-conversion  offer-reminder  not sent: entered before",
    "day 31 10:00  ada  paid-conversion  offer-email  sent",
    "day 36 10:00  ada  paid-conversion  offer-reminder  sent",
  ]);
});

it("sends no reminder of an offer that is over, when Novu is late", async () => {
  await using story = await openStory({ workflows, people: { ada: {} }, plan: "team" });
  await story.does("ada", "trial_day_12");
  await story.until("day 0 10:00");
  // Time passes, and nothing gets its turn meanwhile.
  await story.sandbox.clock.travelBy(9 * DAY_MS, async () => {});
  await story.sandbox.settled();

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  paid-conversion  offer-email  sent",
    "day 9 10:00  ada  paid-conversion  offer-reminder  not sent: not needed: the offer is over",
  ]);
});

it("leaves the email to whom others have written enough, and still has the note in the app", async () => {
  const marketing = {
    cap: { most: 1, withinMs: 7 * DAY_MS },
    hours: { from: "09:00", to: "20:00" },
    timeZone: "UTC",
  };
  await using story = await openStory({ workflows: [...workflows, campaign()], marketing, people: { ada: {} } });
  await story.does("ada", "called");
  await story.until("day 1 09:00");
  await story.does("ada", "trial_day_12");
  await story.until("day 8 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  campaign  call  sent",
    "day 1 10:00  ada  paid-conversion  offer-email  not sent: over the cap: 1 in 7 days",
    "day 6 10:00  ada  paid-conversion  offer-reminder  sent",
  ]);
  expect(story.subjects("ada").at(-1)).toBe("Your offer ends on 10 March");
});

it("has an email that names what brought it about", async () => {
  const email = await emailHtml("paid-offer.tsx", { reason: "trial" });
  expect(email).toContain("started a trial");
  expect(email).not.toContain("prices");
});

async function looksAtPrices(story: Story, person: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await story.does(person, "pricing_page_viewed");
}
