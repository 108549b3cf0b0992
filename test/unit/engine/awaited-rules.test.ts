import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ALL_RUNS, matchKey } from "../../../src/contracts/exit-match.ts";
import { event, inactivity } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";
import { testProduct } from "../../support/product/product.ts";
import { sampleDependencies } from "../../support/workflow-promises.ts";

const Payload = z.object({ cart_id: z.union([z.string(), z.number()]).nullish() });
type Definition = LifecycleDefinition<typeof Payload, Record<never, never>, "bought">;
type Awaited = NonNullable<Definition["waitFor"]>["bought"];

const paid = event("paid", { same: "cart_id" });
const failing = event("paid", { where: ({ person }) => (person.plan as string).startsWith("f") });
const unreadable = event("paid", { where: ({ person }) => person.plan !== "free" });
const cart = { field: "bought#cart_id", key: matchKey("w#bought", "cart_id", "1"), of: "person" };
const ignored = null;

describe("the waits that an event ends", () => {
  it.each<[bought: Awaited, properties: Record<string, unknown>, person: object, matches: unknown]>([
    [[paid], { cart_id: " 1 " }, {}, [cart]],
    [[paid, event("paid", { same: "cart_id", of: "anyone" })], { cart_id: 1 }, {}, [{ ...cart, of: "anyone" }]],
    [[event("paid"), paid], { cart_id: 1 }, {}, [ALL_RUNS, cart]],
    [[event("paid")], {}, {}, undefined],
    // Without a usable value, or in doubt, no event ends a wait.
    [[paid], {}, {}, ignored],
    [[paid], { cart_id: true }, {}, ignored],
    [[failing], {}, {}, ignored],
    [[unreadable], {}, { plan: {} }, ignored],
    [[event("paid", { properties: z.object({ total: z.number() }) })], { total: "many" }, {}, ignored],
    [[event("other")], {}, {}, ignored],
  ])("%#: %j", (bought, properties, personProperties, matches) => {
    const route = createRoute([workflow({ waitFor: { bought } })]);
    const {
      starts,
      exits,
      awaited = [],
    } = route(told({ name: "paid", properties, personProperties: { ...personProperties } }));
    expect([starts, exits, awaited.length]).toEqual([[], [], matches === ignored ? 0 : 1]);
    if (matches === ignored) return;
    expect(awaited[0]).toMatchObject({ workflow: "w#bought", eventName: "paid" });
    expect(awaited[0]?.matches).toEqual(matches);
  });

  it("a failing condition is named among the ignored events", () => {
    const { problems } = createRoute([workflow({ waitFor: { bought: [failing] } })])(
      told({ name: "paid", personProperties: {} }),
    );
    expect(problems).toEqual([expect.objectContaining({ reason: "does not fit w: its `where` fails on this event" })]);
  });

  it.each([
    [{ cart_id: 1 }, cart.key],
    [{ cart_id: "" }, "none"],
    [{}, "none"],
  ])("a run from %j has its key", (properties, key) => {
    const [start] = createRoute([workflow({ waitFor: { bought: [paid] } })])(told({ properties })).starts;
    expect(start?.matchKeys).toEqual({ "bought#cart_id": key });
  });
});

describe("the app does not start", () => {
  it("with a field that the payload does not have", () => {
    // @ts-expect-error: the payload has no such field
    expect(() => workflow({ waitFor: { bought: [event("paid", { same: "card_id" })] } })).toThrow(
      '"w" waits for "paid" with the same "card_id", but its payload has no field "card_id"',
    );
  });

  it("with an occurrence or an absence", () => {
    const nth = event("paid", { occurrence: { nth: 2, within: { days: 1 } } });
    for (const one of [nth, inactivity({ days: 3 })])
      expect(() => workflow({ waitFor: { bought: [one] } })).toThrow("which only `on` can have");
  });

  it.each<[string, Definition["workflow"], string]>([
    [
      "without the step",
      ({ step }) => step.inApp("note", () => ({ body: "b" })),
      'no step waits for them; add step.waitFor("bought", …)',
    ],
    [
      "with a wait at the end",
      ({ step }) => step.waitFor("bought", { atMost: { days: 1 } }),
      'no step comes after "bought", so nothing depends on its event',
    ],
    [
      "with a digest before the wait",
      async ({ step }) => {
        await step.digest("hourly", { hours: 1 });
        await step.waitFor("bought", { atMost: { days: 1 } });
        await step.inApp("note", () => ({ body: "b" }));
      },
      '"bought" waits for an event after the digest "hourly"',
    ],
    [
      "with a throttle before the wait",
      async ({ step }) => {
        await step.throttle("daily", { most: 1, within: { days: 1 } });
        await step.waitFor("bought", { atMost: { days: 1 } });
        await step.inApp("note", () => ({ body: "b" }));
      },
      '"bought" waits after the throttle "daily"',
    ],
    [
      "with a wait that is longer than a run",
      async ({ step }) => {
        await step.waitFor("bought", { atMost: { days: 61 } });
        await step.inApp("note", () => ({ body: "b" }));
      },
      '"bought" waits for more than 60 days',
    ],
    [
      "with a wait that has no events",
      async ({ step }) => {
        // @ts-expect-error: no events are named for this wait
        await step.waitFor("paid", { atMost: { days: 1 } });
        await step.inApp("note", () => ({ body: "b" }));
      },
      'its waitFor has no events for "paid"',
    ],
  ])("%s", async (_name, code, error) => {
    const made = workflow({ waitFor: { bought: [paid] }, workflow: code }).build(sampleDependencies(testProduct));
    await expect(made.discover()).rejects.toThrow(error);
  });
});

function workflow({ waitFor, workflow: code }: Pick<Definition, "waitFor"> & Partial<Pick<Definition, "workflow">>) {
  return lifecycle<typeof Payload, Record<never, never>, "bought">({
    ...{ id: "w", name: "W", description: "", category: "transactional" },
    on: [event("checkout_started")],
    ...(waitFor && { waitFor }),
    payload: Payload,
    from: ({ properties }) => ({ cart_id: properties.cart_id }),
    workflow: code ?? (async () => {}),
  });
}
