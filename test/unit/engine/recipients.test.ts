import { expect, it } from "vitest";
import { z } from "zod";
import { cohort, event, inactivity } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";

type Definition = LifecycleDefinition<z.ZodObject>;

const define = (changes: Partial<Pick<Definition, "on" | "recipients">>) =>
  lifecycle({
    ...{ id: "w", name: "", description: "", category: "transactional", payload: z.object({}), from: () => ({}) },
    on: [event("invoice_failed")],
    exitOn: [event("invoice_paid")],
    recipients: ({ properties }) => properties.admin_ids,
    workflow: async () => {},
    ...changes,
  });

it.each([
  ["an `occurrence`", event("invoice_failed", { occurrence: { nth: 2, within: { days: 1 } } })],
  ["`inactivity`", inactivity({ days: 30 })],
  ["a `cohort`", cohort(42)],
  ["`emailIn`", event("invoice_failed", { emailIn: "email" })],
])("recipients do not go with %s", (what, matcher) => {
  expect(() => define({ on: [event("invoice_failed"), matcher] })).toThrow(
    `"w" has \`recipients\` and ${what}, which is about the event's own person; remove one`,
  );
});

it("a workflow without recipients has none", () => {
  const { recipients: _, ...rest } = define({});
  expect([define({}).recipients === undefined, rest.entry]).toEqual([false, "always"]);
  // @ts-expect-error: a list is no function
  expect(() => define({ recipients: ["grace"] })).not.toThrow();
});
