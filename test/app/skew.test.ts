import { expect, it } from "vitest";
import { explain } from "../../src/explain/explain.ts";
import { dropOff } from "../support/product/drop-off.tsx";
import { openStory } from "../support/story.ts";

const CHECKOUT = { event: "checkout_started", at: "2026-03-02T09:00:32.000Z" };
const PURCHASE = { event: "checkout_completed", at: "2026-03-02T09:00:20.000Z" };
const LEFT = [
  "day 0 09:01  ada  drop-off  checkout-note  not sent: exited: checkout_completed",
  "day 0 09:01  ada  drop-off  recovery  not sent: exited: checkout_completed",
];
const REMINDED = ["day 0 10:01  ada  drop-off  checkout-note  sent", "day 1 09:01  ada  drop-off  recovery  sent"];

it.each([
  ["buys after the checkout, whatever the stamps say, is not reminded", [CHECKOUT, PURCHASE], LEFT, "exited"],
  ["comes back right after a purchase is reminded", [PURCHASE, CHECKOUT], REMINDED, "no run to end"],
])("a person who %s, and the explanation agrees", async (_name, told, lines, label) => {
  await using story = await openStory({ people: { ada: {} }, workflows: [dropOff] });
  await story.until("day 0 09:01");
  for (const { event, at } of told) {
    const properties = { checkout_url: "https://app.acme.example/checkout" };
    await story.does("ada", event, properties, {}, at);
  }
  await story.until("day 2 09:00");
  expect(await story.lines()).toEqual(lines);
  const { links } = explain(await story.sandbox.app.store.runs.history({ distinctId: "ada" }), { person: "ada" });
  expect(links.filter(({ kind }) => kind === "exit").map((link) => link.label)).toEqual([label]);
});
