import { describe, expect, it } from "vitest";
import { z } from "zod";
import { problemsOf } from "../../../src/comparison/judge.ts";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { firstReadable, number } from "../../../src/contracts/property-types.ts";
import { event } from "../../../src/engine/event.ts";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { campaign } from "../../support/campaign.ts";

type Properties = Record<string, unknown>;

const times = (count: number, properties: Properties): Properties[] => Array.from({ length: count }, () => properties);
const called = (properties: Properties, name = "called"): LifecycleEvent => ({
  ...{ source: "posthog", uuid: "u", name, distinctId: "ada", occurredAt: "2026-03-02T09:00:00.000Z" },
  ...{ properties, personProperties: { email: "ada@example.com" } },
});

const strict = campaign({
  payload: z.object({ amount: z.number() }),
  from: ({ properties }) => ({ amount: properties.amount }),
});
const optional = campaign({
  payload: z.object({ amount: z.number().nullish() }),
  from: ({ properties }) => ({ amount: properties.amount }),
});
const tolerant = campaign({
  payload: z.object({ amount: z.number().nullish() }),
  from: ({ properties: { amount, value, total } }) => ({ amount: firstReadable(number, amount, value, total) }),
});
const conditional = campaign({
  on: [
    event("called", { properties: z.object({ seats: z.number() }), where: ({ properties }) => properties.seats > 5 }),
  ],
});
const byPlan = campaign({ on: [event("called", { properties: z.object({ plan: z.enum(["pro", "team"]) }) })] });
const either = campaign({
  on: [
    event("called", { properties: z.object({ seats: z.number() }) }),
    event("called", { properties: z.object({ plan: z.string() }) }),
  ],
});
const spelled = campaign({
  payload: z.object({ amount: z.number() }),
  from: ({ properties }) => ({ amount: properties.cartValue ?? properties.cart_value }),
});
const nested = campaign({
  payload: z.object({ first: z.string() }),
  from: ({ properties }) => ({ first: (properties.items as string[])[0] }),
});
const addressed = campaign({ on: [event("called", { emailIn: "email" })] });
const matching = campaign({
  on: [event("filled")],
  exitOn: [event("called", { same: "cart" })],
  payload: z.object({ cart: z.string().nullish() }),
  from: ({ properties }) => ({ cart: properties.cart }),
});

describe("the problems of a workflow with its events", () => {
  it.each<[says: string, workflow: LifecycleWorkflow, events: Properties[], problems: string[]]>([
    ["none without events", strict, [], []],
    ["none where all fits", strict, times(50, { amount: 1 }), []],
    [
      "a property that is text in some events",
      strict,
      [...times(98, { amount: 1 }), ...times(2, { amount: "1" })],
      [
        'property type: "amount" is text in 2 of the newest 100 "called", and a number in most others; campaign cannot read it there',
      ],
    ],
    ["none where an exit event says which run it ends", matching, times(50, { cart: "1" }), []],
    [
      "a property without which an exit event ends all runs",
      matching,
      times(50, { basket: "1" }),
      ['property never seen: campaign reads "cart", which the newest 50 "called" do not have'],
    ],
    ["none where some events have no address", addressed, [...times(50, { email: "a@b.co" }), ...times(50, {})], []],
    [
      "an address that no event has",
      addressed,
      times(50, { e_mail: "a@b.co" }),
      ['property never seen: campaign reads "email", which the newest 50 "called" do not have; they have "e_mail"'],
    ],
    ["none in one event of a hundred", strict, [...times(99, { amount: 1 }), { amount: "1" }], []],
    [
      "a property that is missing in some events",
      strict,
      [...times(95, { amount: 1 }), ...times(3, {}), ...times(2, { amount: null })],
      ['property missing: "amount" is missing in 5 of the newest 100 "called", and campaign cannot use these'],
    ],
    ["none where it may be missing", optional, [...times(60, { amount: 1 }), ...times(40, {})], []],
    ["none where it is missing in nearly all", optional, [{ amount: 1 }, ...times(99, {})], []],
    ["none where text is read as a number", tolerant, [...times(50, { amount: 1 }), ...times(50, { amount: "2" })], []],
    [
      "a value that is not read, and no error",
      tolerant,
      [...times(50, { amount: 1 }), ...times(50, { amount: "2 EUR" })],
      [
        'property type: "amount" is text in 50 of the newest 100 "called", and a number in most others; campaign cannot read it there',
      ],
    ],
    ["none for other names of the same value", tolerant, times(50, { total: 1 }), []],
    [
      "a property that no event has, and nothing in its place",
      tolerant,
      times(50, { price: 1 }),
      ['property never seen: campaign reads "amount", which the newest 50 "called" do not have'],
    ],
    ["none if so few events came", tolerant, times(19, { price: 1 }), []],
    [
      "a mistyped name, with the nearest",
      tolerant,
      times(1, { amonut: 1 }),
      ['property never seen: campaign reads "amount", which the newest 1 "called" do not have; they have "amonut"'],
    ],
    ["none for another spelling that is read too", spelled, times(50, { cart_value: 3 }), []],
    [
      "a condition that never held",
      conditional,
      times(20, { seats: 5 }),
      [
        'condition never held: the condition under which "called" starts campaign held in none of the newest 20 "called"',
      ],
    ],
    ["none where it held once", conditional, [...times(99, { seats: 5 }), { seats: 6 }], []],
    ["none if so few events came that it may be chance", conditional, times(19, { seats: 5 }), []],
    [
      "a property of a condition that is text in some events",
      conditional,
      [...times(10, { seats: 6 }), { seats: "6" }],
      [
        'property type: "seats" is text in 1 of the newest 11 "called", and a number in most others; campaign cannot read it there',
      ],
    ],
    [
      "a property of a condition that is always text",
      conditional,
      times(2, { seats: "6" }),
      ['property type: "seats" is text in 2 of the newest 2 "called", and campaign cannot read it'],
    ],
    ["none where another condition matches", either, [...times(50, { seats: 6 }), ...times(50, { plan: "pro" })], []],
    [
      "a property that is always text, and nothing in its place",
      tolerant,
      times(20, { amount: "12 EUR" }),
      ['property type: "amount" is text in 20 of the newest 20 "called", and campaign cannot read it'],
    ],
    ["none if so few events came that the text may be rare", tolerant, times(19, { amount: "12 EUR" }), []],
    [
      "a property of a condition that is missing in some events",
      conditional,
      [...times(10, { seats: 6 }), {}],
      ['property missing: "seats" is missing in 1 of the newest 11 "called", and campaign cannot use these'],
    ],
    ["none where a condition selects by another value", byPlan, [...times(50, { plan: "free" }), { plan: "pro" }], []],
    [
      "a value that does not fit the payload",
      campaign({ payload: z.object({ plan: z.enum(["pro"]) }), from: ({ properties }) => ({ plan: properties.plan }) }),
      [...times(8, { plan: "pro" }), ...times(2, { plan: "team" })],
      ['does not fit: 2 of the newest 10 "called" do not fit campaign: plan: Invalid input: expected "pro"'],
    ],
    [
      "a property of another type in some events, and another reason in others",
      campaign({
        payload: z.object({ amount: z.number(), plan: z.enum(["pro"]) }),
        from: ({ properties: { amount, plan } }) => ({ amount, plan }),
      }),
      [
        ...times(6, { amount: 1, plan: "pro" }),
        ...times(2, { amount: "1", plan: "pro" }),
        ...times(2, { amount: 1, plan: "team" }),
      ],
      [
        'property type: "amount" is text in 2 of the newest 10 "called", and a number in most others; campaign cannot read it there',
        'does not fit: 2 of the newest 10 "called" do not fit campaign: plan: Invalid input: expected "pro"',
      ],
    ],
    [
      "a property without which the payload fails",
      nested,
      [...times(9, { items: ["a"] }), {}],
      ['property missing: "items" is missing in 1 of the newest 10 "called", and campaign cannot use these'],
    ],
  ])("%s", async (_says, workflow, events, expected) => {
    const found = await problemsIn(workflow, events);
    expect(found.map(({ kind, text }) => `${kind}: ${text}`)).toEqual(expected);
  });

  it("are known by the type that PostHog saw first, where all events have another", async () => {
    const found = async (workflow: LifecycleWorkflow, properties: Properties) =>
      (await problemsIn(workflow, times(3, properties), new Map([["amount", "Numeric"]]))).map(({ text }) => text);
    const changed =
      '"amount" is text in 3 of the newest 3 "called", and was a number when PostHog first saw it; campaign cannot read it';
    expect(await found(strict, { amount: "1" })).toEqual([changed]);
    expect(await found(tolerant, { amount: "one" })).toEqual([changed]);
    expect(await found(tolerant, { amount: "1" })).toEqual([]);
    expect(await found(strict, { amount: 1 })).toEqual([]);
  });

  it("are none for a rare property that PostHog has seen, and for properties that only another event has", async () => {
    expect(await problemsIn(tolerant, times(50, {}), new Map([["amount", "Numeric"]]))).toEqual([]);
    expect(await problemsIn(strict, times(50, {}), null, "answered")).toEqual([]);
  });

  it("have names only, and no value", async () => {
    const secret = "ada@example.com 4111";
    const found = await problemsIn(strict, [
      ...times(50, { amount: 1 }),
      ...times(50, { amount: secret, amuont: secret }),
    ]);
    expect(found).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain("4111");
  });
});

function problemsIn(
  workflow: LifecycleWorkflow,
  events: Properties[],
  types: Map<string, string | null> | null = null,
  name = "called",
) {
  return problemsOf(
    workflow,
    events.map((properties) => called(properties, name)),
    types,
  );
}
