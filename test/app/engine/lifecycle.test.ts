import { expect, it } from "vitest";
import { z } from "zod";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { event } from "../../support/facts.ts";
import { testProduct } from "../../support/product/product.ts";
import { upgrade } from "../../support/product/upgrade.tsx";
import { describeWorkflows, sampleDependencies } from "../../support/workflow-promises.ts";

describeWorkflows(testProduct);

it("publishes its payload beside the run", async () => {
  const { payload } = await upgrade.build(sampleDependencies()).discover();
  expect(Object.keys((payload.schema as { properties: object }).properties).sort()).toEqual(["plan", "run"]);
});

it("refuses a payload that JSON cannot carry to the step, and names the workflow", () => {
  const definition = {
    id: "w",
    name: "W",
    description: "",
    category: "transactional",
    on: [],
    from: () => ({ at: 1 }),
    workflow: async () => {},
  } as const;
  for (const at of [z.coerce.date(), z.string().transform(Number), z.bigint()]) {
    expect(() => lifecycle({ ...definition, on: [], payload: z.object({ at }) }).build(sampleDependencies())).toThrow(
      'the payload of "w" has to be plain JSON',
    );
  }
});

it("refuses an entry that limits nothing, and names the workflow", () => {
  const names = { id: "w", name: "W", description: "", category: "transactional" } as const;
  const rest = { on: [], payload: z.object({}), from: () => ({}), workflow: async () => {} };
  expect(() => lifecycle({ ...names, ...rest, entry: { oncePer: { days: 0 } } })).toThrow(
    'the entry of "w" is not possible',
  );
});

it.each([
  ["refuses a digest that is longer than the plan takes", "digest"],
  ["takes a throttle of any window, which no plan limits", "throttle"],
] as const)("%s", async (_name, kind) => {
  const long = lifecycle({
    id: "w",
    name: "W",
    description: "",
    category: "transactional",
    on: [],
    payload: z.object({}),
    from: () => ({}),
    workflow: async ({ step }) => {
      if (kind === "digest") await step.digest("d", { days: 2 });
      else await step.throttle("d", { most: 1, within: { days: 2 } });
    },
  });
  const discovered = long.build(sampleDependencies()).discover();
  if (kind === "throttle") await expect(discovered).resolves.toBeDefined();
  else await expect(discovered).rejects.toThrow('the digest "d" takes longer than the Novu plan allows, which is 24 h');
});

it("says in no word of the event that a workflow's `from` fails on it", () => {
  const broken = lifecycle({
    id: "w",
    name: "W",
    description: "",
    category: "transactional",
    on: [],
    payload: z.object({ at: z.string() }),
    from: ({ properties }) => ({ at: (properties.items as string[])[0]?.trim() }),
    workflow: async () => {},
  });
  expect(broken.payloadOf(event())).toEqual({ misfit: "its `from` fails on this event" });
});
