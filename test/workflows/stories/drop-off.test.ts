import { expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { dropOff } from "../../../src/workflows/drop-off.tsx";
import { leadsTo, linksIn } from "../../support/links.ts";
import { openStory } from "../story.ts";

const workflows = [dropOff];
/** With what breaks a link when somebody escapes or shortens it. */
const checkout = { checkout_url: `${brand.appUrl}/straße?step=payment&from=ü`, cart_value: 120 };

it("shows the way back in the app after an hour, and by email after a day", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  await story.does("ada", "checkout_started", { ...checkout, currency: "EUR" });
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  drop-off  checkout-note  sent",
    "day 1 09:00  ada  drop-off  recovery  sent",
  ]);
  const [note, email] = story.messages("ada");
  expect(note?.content).toEqual({
    subject: "Your checkout is still open",
    body: "Everything is where you left it.",
    redirect: { url: expect.any(String), target: "_self" },
  });
  expect(email?.content.body).toContain("the total was €120.00.");
  const links = await Promise.all([...linksIn(note!), ...linksIn(email!)].map(leadsTo));
  const target = `${encodeURI(checkout.checkout_url)}&utm_source=${brand.utmSource}`;
  expect(links).toEqual([
    `${target}&utm_medium=in_app&utm_campaign=drop-off&utm_content=checkout-note`,
    `${target}&utm_medium=email&utm_campaign=drop-off&utm_content=recovery`,
  ]);
});

it("stops with the checkout that is completed, whenever it is", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: {} } });
  for (const person of ["ada", "grace", "linus"]) await story.does(person, "checkout_started", checkout);
  await story.until("day 0 09:30");
  await story.does("ada", "checkout_completed");
  await story.until("day 0 20:00");
  await story.does("grace", "checkout_completed");
  // An import: no event says so.
  story.becomes("linus", { last_purchase_at: "2026-03-02T19:00:00Z" });
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:30  ada  drop-off  checkout-note  not sent: left: checkout_completed",
    "day 0 09:30  ada  drop-off  recovery  not sent: left: checkout_completed",
    "day 0 10:00  grace  drop-off  checkout-note  sent",
    "day 0 10:00  linus  drop-off  checkout-note  sent",
    "day 0 20:00  grace  drop-off  recovery  not sent: left: checkout_completed",
    "day 1 09:00  linus  drop-off  recovery  not sent: not needed: has bought since",
  ]);
});

it("writes by day, where the person is, and not to whoever turned reminders off", async () => {
  const people = { ada: { $timezone: "America/Los_Angeles" }, grace: { unsubscribed_from: [dropOff.topic] } };
  await using story = await openStory({ workflows, people });
  for (const person of ["ada", "grace"]) await story.does(person, "checkout_started", checkout);
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 10:00  ada  drop-off  checkout-note  sent",
    `day 0 10:00  grace  drop-off  checkout-note  not sent: opted out: ${dropOff.topic}`,
    `day 1 09:00  grace  drop-off  recovery  not sent: opted out: ${dropOff.topic}`,
    "day 1 17:00  ada  drop-off  recovery  sent",
  ]);
});

it("tries another subject, which a colleague can change as well", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {} } });
  story.sandbox.posthog.setFlag("recovery-subject", "control");
  story.sandbox.posthog.setFlag("recovery-subject", "benefit", ["grace"]);
  for (const person of ["ada", "grace"]) await story.does(person, "checkout_started", checkout);
  await story.until("day 1 08:00");
  story.sandbox.novu.setControls("drop-off", "recovery", { benefit_subject: "Two minutes, and it is yours" });
  await story.until("day 3 09:00");

  expect([story.subjects("ada")[1], story.subjects("grace")[1]]).toEqual([
    "Your checkout is still open",
    "Two minutes, and it is yours",
  ]);
});
