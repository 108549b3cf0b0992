import { expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { dropOff } from "../../../src/workflows/drop-off.tsx";
import { leadsTo, linksIn } from "../../support/links.ts";
import { openStory } from "../story.ts";

const workflows = [dropOff];
/** With characters that break a link when it is escaped or shortened. */
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
  const [noteInGerman, emailInGerman] = story.inLocale("ada", "de");
  expect(noteInGerman).toMatchObject({
    subject: "Deine Bestellung ist noch offen",
    body: "Alles ist noch so, wie du es verlassen hast.",
  });
  expect(emailInGerman?.body).toContain("der Betrag war 120,00\u00a0€.");
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
    "day 0 09:30  ada  drop-off  checkout-note  not sent: exited: checkout_completed",
    "day 0 09:30  ada  drop-off  recovery  not sent: exited: checkout_completed",
    "day 0 10:00  grace  drop-off  checkout-note  sent",
    "day 0 10:00  linus  drop-off  checkout-note  sent",
    "day 0 20:00  grace  drop-off  recovery  not sent: exited: checkout_completed",
    "day 1 09:00  linus  drop-off  recovery  not sent: not needed: has bought since",
  ]);
});

it("writes by day, in the person's time zone, and not to people who opted out of reminders", async () => {
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

it("shows the total as far as it can be read, and comes without it otherwise", async () => {
  const totals: Array<[properties: object, total: string | undefined]> = [
    [{ cart_value: "149.90" }, "$149.90"],
    [{ cart_value: 120, currency: "eur" }, "€120.00"],
    [{ cart_value: 120, currency: " JPY " }, "¥120"],
    [{ cart_value: "149,90" }, undefined],
    [{ cart_value: "a lot" }, undefined],
    [{ cart_value: null }, undefined],
    // Not to be shown as dollars.
    [{ cart_value: 120, currency: null }, undefined],
    [{ cart_value: 120, currency: "" }, undefined],
    [{ cart_value: 120, currency: "coins" }, undefined],
    [{ cart_value: 120, currency: "WIN" }, undefined],
    [{ cart_value: 120, currency: 978 }, undefined],
  ];
  const people = Object.fromEntries(totals.map((_, index) => [`p${index}`, {}]));
  await using story = await openStory({ workflows, people });
  for (const [index, [properties]] of totals.entries())
    await story.does(`p${index}`, "checkout_started", { checkout_url: checkout.checkout_url, ...properties });
  await story.until("day 1 09:00");

  const emails = totals.map((_, index) => String(story.messages(`p${index}`)[1]?.content.body));
  expect(emails.map((email) => /the total was ([^<]+)\. /.exec(email)?.[1])).toEqual(totals.map(([, total]) => total));
  for (const email of emails) expect(email).toContain("You stopped just before the end");
});

it("takes the events of Segment's own ecommerce spec, which bring no link", async () => {
  // Source: https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2#checkout-started
  const order = {
    order_id: "50314b8e9bcf000000000000",
    affiliation: "Shop",
    value: 30,
    revenue: 25,
    shipping: 3,
    tax: 2,
    discount: 2.5,
    coupon: "hasbros",
    currency: "EUR",
    products: [{ product_id: "507f1f77bcf86cd799439011", sku: "45790-32", price: 19, quantity: 1 }],
  };
  const { value, ...withoutValue } = order;
  const orders = { ada: order, grace: { ...withoutValue, total: 27.5 }, joan: withoutValue, linus: order };
  const people = Object.fromEntries(Object.keys(orders).map((person) => [person, {}]));
  await using story = await openStory({ workflows, people });
  for (const [person, properties] of Object.entries(orders)) await story.does(person, "checkout_started", properties);
  await story.until("day 0 12:00");
  await story.does("linus", "checkout_completed", { ...order, total: 27.5 });
  await story.until("day 2 09:00");

  for (const person of Object.keys(orders)) expect(story.answers(person).join()).not.toMatch(/but|ignored/);
  expect((await story.lines()).filter((line) => line.includes("recovery"))).toEqual([
    "day 0 12:00  linus  drop-off  recovery  not sent: exited: checkout_completed",
    "day 1 09:00  ada  drop-off  recovery  sent",
    "day 1 09:00  grace  drop-off  recovery  sent",
    "day 1 09:00  joan  drop-off  recovery  sent",
  ]);
  for (const [person, total] of Object.entries({ ada: "€30.00", grace: "€27.50", joan: "€25.00" })) {
    const email = story.messages(person)[1]!;
    expect(email.content.body).toContain(`the total was ${total}.`);
    expect(await leadsTo(linksIn(email)[0])).toContain(`${brand.appUrl}/checkout?utm_source=`);
  }
});

it("leads only to the brand's hosts, and says so of an event that wants another", async () => {
  const named = brand.linkHosts.map((host) => `https://shop.${host}/c_1`);
  const foreign = ["https://acme-login.evil.example/", `${brand.appUrl}@evil.example/`, "https:\\\\evil.example"];
  const people = Object.fromEntries([...named, ...foreign].map((_, index) => [`p${index}`, {}]));
  await using story = await openStory({ workflows, people });
  for (const [index, checkout_url] of [...named, ...foreign].entries())
    await story.does(`p${index}`, "checkout_started", { checkout_url });
  await story.until("day 1 09:00");

  for (const [index, target] of [...named, ...foreign.map(() => `${brand.appUrl}/checkout`)].entries()) {
    const messages = story.messages(`p${index}`);
    const links = await Promise.all(messages.flatMap((message) => linksIn(message)[0] ?? []).map(leadsTo));
    expect(links.map((link) => link?.split("?")[0])).toEqual([target, target]);
    expect(JSON.stringify([messages, story.answers(`p${index}`)])).not.toContain("evil");
    const isForeign = index >= named.length;
    expect(story.answers(`p${index}`).join().includes("replaced for drop-off: checkout_url: leads to no")).toBe(
      isForeign,
    );
  }
});
