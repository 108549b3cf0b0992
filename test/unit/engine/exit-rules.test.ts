import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ALL_RUNS, matchKey } from "../../../src/contracts/exit-match.ts";
import { event } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

const Payload = z.object({ cart_id: z.union([z.string(), z.number()]).nullish(), invite_id: z.string().nullish() });
type Exits = NonNullable<LifecycleDefinition<typeof Payload>["exitOn"]>;

const paid = event("paid", { same: "cart_id" });
const accepted = event("accepted", { same: { payload: "invite_id", event: "id" }, of: "anyone" });
const failing = event("paid", { where: ({ person }) => (person.plan as string).startsWith("f"), same: "cart_id" });
const cart = { field: "cart_id", key: matchKey("w", "cart_id", "1"), of: "person" };
const invite = { field: "invite_id", key: matchKey("w", "invite_id", "i"), of: "anyone" };

describe("the runs that an event ends", () => {
  it.each<[exitOn: Exits, name: string, properties: Record<string, unknown>, matches: unknown]>([
    [[paid], "paid", { cart_id: "1" }, [cart]],
    [[paid], "paid", { cart_id: 1 }, [cart]],
    [[paid], "paid", { cart_id: " 1 " }, [cart]],
    [[accepted], "accepted", { id: "i" }, [invite]],
    [[paid, event("paid", { same: "cart_id", of: "anyone" })], "paid", { cart_id: "1" }, [{ ...cart, of: "anyone" }]],
    [[event("accepted"), accepted], "accepted", { id: "i" }, [ALL_RUNS, invite]],
    [[failing], "paid", { cart_id: "1" }, [cart]],
    // All runs of the person.
    [[event("paid")], "paid", { cart_id: "1" }, undefined],
    [[paid], "paid", {}, undefined],
    [[paid], "paid", { cart_id: null }, undefined],
    [[paid], "paid", { cart_id: true }, undefined],
    [[paid, event("paid")], "paid", {}, undefined],
    [[accepted], "accepted", { invite_id: "i" }, undefined],
  ])("%#: %j", (exitOn, name, properties, matches) => {
    const { exits, problems } = createRoute([workflow({ exitOn })])(told({ name, properties, personProperties: {} }));
    expect(exits).toHaveLength(1);
    expect(exits[0]?.matches).toEqual(matches);
    expect(problems).toHaveLength(exitOn.includes(failing) ? 1 : 0);
  });

  it.each([
    [
      { cart_id: 1, invite_id: "i" },
      { cart_id: cart.key, invite_id: invite.key },
    ],
    [{ cart_id: "1" }, { cart_id: cart.key }],
    [{ cart_id: " ", invite_id: null }, undefined],
  ])("a run from %j has its keys", (properties, matchKeys) => {
    const { starts } = createRoute([workflow({ exitOn: [paid, accepted] })])(told({ properties }));
    expect(starts.map((start) => start.matchKeys)).toEqual([matchKeys]);
    expect(createRoute([workflow({ exitOn: [event("paid")] })])(told({ properties })).starts[0]).not.toHaveProperty(
      "matchKeys",
    );
  });
});

describe("the app does not start", () => {
  it("with a field that the payload does not have", () => {
    // @ts-expect-error: the payload has no such field
    expect(() => workflow({ exitOn: [event("paid", { same: "card_id" })] })).toThrow(
      '"w" ends on "paid" with the same "card_id", but its payload has no field "card_id"; add it to `payload` and `from`, or name another field: same: { payload: …, event: "card_id" }',
    );
    // @ts-expect-error: the payload has no such field
    expect(() => workflow({ exitOn: [event("paid", { same: { payload: "id", event: "cart_id" } })] })).toThrow(
      'its payload has no field "id"',
    );
  });

  it("with `emailIn`, which only an event that starts a run may have", () => {
    const named = event("paid", { emailIn: "email" });
    expect(workflow({ on: [named] }).startedBy(told({ name: "paid" }))).toMatchObject({ emailIn: "email" });
    // @ts-expect-error: not in `exitOn`
    workflow({ exitOn: [named] });
    // @ts-expect-error: not in `waitFor`
    workflow({ waitFor: { paid: [named] } });
    // @ts-expect-error: not beside `same`
    event("paid", { emailIn: "email", same: "cart_id" });
  });

  it("with `same` in an event that starts a run", () => {
    // @ts-expect-error: `same` is for `exitOn`
    expect(() => workflow({ on: [event("started", { same: "cart_id" })] })).toThrow(
      '"w" starts on "started" with `same`, which says which runs an event ends; move the event to `exitOn`, or remove `same`',
    );
  });

  it("with an event of anyone that does not say which runs it ends", () => {
    // @ts-expect-error: `of` needs `same`
    expect(() => event("accepted", { of: "anyone" })).toThrow(
      'event("accepted") has `of: "anyone"`, so it needs `same`, which says which runs it ends',
    );
  });
});

function workflow({ on, exitOn }: Partial<Pick<LifecycleDefinition<typeof Payload>, "on" | "exitOn">>) {
  return lifecycle({
    ...{ id: "w", name: "W", description: "", category: "transactional" },
    on: on ?? [event("checkout_started")],
    exitOn: exitOn ?? [],
    payload: Payload,
    from: ({ properties }) => ({ cart_id: properties.cart_id, invite_id: properties.invite_id }),
    workflow: async () => {},
  });
}
