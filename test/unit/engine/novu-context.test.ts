import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { groupOf } from "../../../src/engine/novu-context.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

type Definition = LifecycleDefinition<z.ZodObject>;

const routeWith = (context: Definition["context"]) =>
  createRoute([
    lifecycle({
      ...{ id: "w", name: "", description: "", category: "transactional", payload: z.object({}), from: () => ({}) },
      on: [event("invoice_failed")],
      ...(context && { context }),
      workflow: async () => {},
    }),
  ]);
const failed = (properties: Record<string, unknown>) => told({ name: "invoice_failed", properties });
const byGroup = routeWith((event) => ({ account: groupOf(event, "company"), region: event.properties.region }));

it.each([
  [
    { $groups: { company: "acme" }, region: "eu" },
    { account: "acme", region: "eu" },
  ],
  [
    { $groups: { company: " 42 " }, region: 7 },
    { account: "42", region: "7" },
  ],
  [{ $groups: { company: "a".repeat(100) } }, { account: "a".repeat(100) }],
  [{ $groups: { project: "x" }, region: null }, undefined],
  [{ $groups: "acme", region: " " }, undefined],
  [{}, undefined],
])("the context of an event with %j is %j", (properties, expected) => {
  const { starts, problems } = byGroup(failed(properties));
  expect([starts.map(({ context }) => context), problems]).toEqual([[expected], []]);
  expect("context" in starts[0]!).toBe(expected !== undefined);
});

it.each(["id:5", "acme.com", "ä", "a".repeat(101), ["acme"], { id: "acme" }, true, 1.5])(
  "an event does not fit with the context %j",
  (company) => {
    expect(byGroup(failed({ $groups: { company } }))).toMatchObject({
      starts: [],
      problems: [{ cause: "does not fit", reason: "does not fit w: context.account: no id that Novu takes" }],
    });
  },
);

it("an event does not fit with a function that fails, or with more than five contexts", () => {
  const failing = routeWith(({ properties }) => ({ account: (properties.account as { id: string }).id }));
  const many = routeWith(() => ({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: null }));
  expect([failing, many].map((route) => route(failed({})).problems[0]?.reason)).toEqual([
    "does not fit w: its `context` fails on this event",
    "does not fit w: context: more than 5",
  ]);
  expect(routeWith(undefined)(failed({})).starts).toMatchObject([{ workflow: "w" }]);
});
