import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event, type StartMatcher } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

const big = event("checkout_started", {
  properties: z.object({ cart_value: z.number() }),
  where: ({ properties, person }) => properties.cart_value > 50 && person.plan === "free",
});
const free = { plan: "free" };

describe("an event with a filter", () => {
  it.each([
    [{ cart_value: 51 }, free, true],
    [{ cart_value: 50 }, free, false],
    [{ cart_value: 51 }, { plan: "pro" }, false],
    [{ cart_value: 51 }, null, false],
    [{ cart_value: "51" }, free, false],
    [{}, free, false],
  ])("means %j of %j: %s", (properties, personProperties, meant) => {
    expect(big.wants(told({ properties, personProperties }))).toBe(meant);
    const { starts, problems } = createRoute([workflow("w", big)])(told({ properties, personProperties }));
    expect([starts.length, problems]).toEqual(
      meant ? [1, []] : [0, [{ cause: "filtered", reason: 'not one of the "checkout_started" that w asks for' }]],
    );
  });

  it("goes to whom it is meant for among several", () => {
    const route = createRoute([workflow("big", big), workflow("any", event("checkout_started"))]);
    const { starts, problems } = route(told({ properties: { cart_value: 5 } }));
    expect([starts.map(({ workflow }) => workflow), problems]).toEqual([["any"], []]);
  });

  it("says that it starts nothing, also when it changes a profile", () => {
    const personProperties = { ...free, email: "ada@example.com" };
    const cheap = told({ properties: { cart_value: 5 }, personProperties, changedProperties: ["email"] });
    const { profiles, problems } = createRoute([workflow("w", big)])(cheap);
    expect([profiles?.length, problems.map(({ cause }) => cause)]).toEqual([1, ["filtered"]]);
  });

  it("ends what only such an event ends", () => {
    const paid = event("checkout_completed", { properties: z.object({ paid: z.literal(true) }) });
    const route = createRoute([workflow("w", event("other"), [paid])]);
    const completed = { name: "checkout_completed" };
    expect(route(told({ ...completed, properties: { paid: true } })).exits).toHaveLength(1);
    expect(route(told({ ...completed, properties: { paid: false } }))).toMatchObject({
      exits: [],
      problems: [{ cause: "filtered" }],
    });
  });

  it("that fails on an exit event ends the run, and stops no start of the same event", () => {
    const broken = event("checkout_completed", { where: ({ person }) => (person.plan as string).startsWith("f") });
    const route = createRoute([workflow("w", event("checkout_completed"), [broken])]);
    const { starts, exits, problems } = route(told({ name: "checkout_completed", personProperties: {} }));
    expect([starts.length, exits.map(({ workflow }) => workflow)]).toEqual([1, ["w"]]);
    expect(problems).toEqual([{ cause: "does not fit", reason: "does not fit w: its `where` fails on this event" }]);
  });

  it("that fails on an event is a problem of its workflow alone, reported without a word of the event", () => {
    const broken = event("checkout_started", {
      where: ({ person }) => (person.plan as string).startsWith("f"),
    });
    const route = createRoute([workflow("broken", broken), workflow("any", event("checkout_started"))]);
    const { starts, problems } = route(told({ personProperties: {} }));
    expect(starts.map(({ workflow }) => workflow)).toEqual(["any"]);
    expect(problems).toEqual([
      { cause: "does not fit", reason: "does not fit broken: its `where` fails on this event" },
    ]);
  });
});

describe("the email address in an event", () => {
  const route = createRoute([workflow("w", event("checkout_started", { emailIn: "contact" }))]);
  it.each<[unknown, string | undefined, isLeftOut?: boolean]>([
    ["ada@shop.example", "ada@shop.example"],
    [" Ada@Shop.example\u00a0\u200b", "Ada@Shop.example"],
    [undefined, undefined],
    [null, undefined],
    ["  ", undefined],
    ["no address", undefined, true],
    ["a@b.co, c@d.co", undefined, true],
    ["Ada <ada@shop.example>", undefined, true],
    [["ada@shop.example"], undefined, true],
    [{ email: "ada@shop.example" }, undefined, true],
    [7, undefined, true],
  ])("%j is read as %s", (contact, address, isLeftOut = false) => {
    const { starts, problems } = route(told({ properties: { contact, email: "friend@shop.example" } }));
    expect(starts.map(({ run, to }) => [run.eventEmail, to])).toEqual([[address, { subscriberId: "ada" }]]);
    const leftOut = { cause: "left out", reason: "left out for w: contact: is no email address" };
    expect(problems).toEqual(isLeftOut ? [leftOut] : []);
  });

  it.each([{ email: "own@example.com" }, { email: "no address" }])("is not needed for a person with %o", (person) => {
    const { starts } = route(told({ properties: { contact: "ada@shop.example" }, personProperties: person }));
    expect(starts.map(({ run }) => run.eventEmail)).toEqual([undefined]);
  });

  it("is not read where the workflow does not name its property", () => {
    const { starts } = createRoute([workflow("w", event("checkout_started"))])(
      told({ properties: { email: "friend@shop.example" } }),
    );
    expect(starts.map(({ run }) => "eventEmail" in run)).toEqual([false]);
  });
});

it.each([
  { nth: 1, within: { days: 7 } },
  { nth: 2.5, within: { days: 7 } },
  { nth: 3, within: {} },
])("cannot be the nth of nothing: %j", (occurrence) => {
  expect(() => event("checkout_started", { occurrence })).toThrow('the occurrence of "checkout_started" cannot be');
});

function workflow(id: string, start: StartMatcher, exitOn: Array<ReturnType<typeof event>> = []) {
  const names = { id, name: id, description: "", category: "transactional" } as const;
  return lifecycle({
    ...names,
    on: [start],
    exitOn,
    payload: z.object({}),
    from: () => ({}),
    workflow: async () => {},
  });
}
