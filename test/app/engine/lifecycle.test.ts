import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event as matcher } from "../../../src/engine/event.ts";
import { type LifecycleWorkflow, lifecycle } from "../../../src/engine/lifecycle.ts";
import { campaign } from "../../support/campaign.ts";
import { event } from "../../support/facts.ts";
import { testProduct } from "../../support/product/product.ts";
import { upgrade } from "../../support/product/upgrade.tsx";
import { describeWorkflows, sampleDependencies } from "../../support/workflow-promises.ts";

describeWorkflows(testProduct);

it("publishes its payload beside the run", async () => {
  const { payload } = await upgrade.build(sampleDependencies(testProduct)).discover();
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
    expect(() =>
      lifecycle({ ...definition, on: [], payload: z.object({ at }) }).build(sampleDependencies(testProduct)),
    ).toThrow('the payload of "w" has to be plain JSON');
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
  const discovered = long.build(sampleDependencies(testProduct)).discover();
  if (kind === "throttle") await expect(discovered).resolves.toBeDefined();
  else await expect(discovered).rejects.toThrow('the digest "d" takes longer than the Novu plan allows, which is 24 h');
});

describe("a workflow that would lose messages", () => {
  it.each<[string, LifecycleWorkflow, string]>([
    [
      "two digests",
      campaign({
        async workflow({ step }) {
          await step.digest("first", { hours: 1 });
          await step.digest("second", { hours: 1 });
        },
      }),
      '"first" and "second" are two digests, and Novu runs one in a workflow; put the second one into a workflow of its own',
    ],
    ...(["once", "one at a time", { oncePer: { days: 1 } }] as const).map(
      (entry): [string, LifecycleWorkflow, string] => [
        `a digest with the entry ${JSON.stringify(entry)}`,
        campaign({ entry, workflow: ({ step }) => step.digest("hourly", { hours: 1 }) }),
        'the digest "hourly" gathers the runs of a person, but `entry` lets a person enter only once in a time',
      ],
    ),
    [
      "a digest for the third event, which starts one run in a time",
      campaign({
        on: [matcher("called", { occurrence: { nth: 3, within: { days: 30 } } })],
        workflow: ({ step }) => step.digest("hourly", { hours: 1 }),
      }),
      'the digest "hourly" gathers the runs',
    ],
    [
      "a step in an `if`",
      campaign({
        payload: z.object({ cart: z.object({ value: z.number() }).nullish() }),
        async workflow({ step, payload }) {
          const { cart } = payload as { cart?: { value: number } };
          if ((cart?.value ?? 0) > 100) await step.inApp("large", () => ({ body: "b" }));
          await step.inApp("every", () => ({ body: "b" }));
        },
      }),
      'the step "large" is declared only for some payloads; declare every step each time, and leave it out by its `skip`',
    ],
    [
      "a step for one plan of several",
      campaign({
        payload: z.object({ plan: z.enum(["free", "pro", "team"]) }),
        async workflow({ step, payload }) {
          if (payload.plan !== "team") await step.inApp("upgrade", () => ({ body: "b" }));
        },
      }),
      'the step "upgrade" is declared only for some payloads',
    ],
    [
      "a wait of a length from a function without its limit",
      campaign({
        workflow: ({ step }) => (step.wait as (...all: unknown[]) => Promise<void>)("w", () => ({ days: 1 })),
      }),
      'wait "w" takes its length from a function, so it needs atMost',
    ],
    [
      "a digest until a time that a week may pass before",
      campaign({ workflow: ({ step }) => step.digest("weekly", { cron: "0 9 * * 1" }) }),
      'the digest "weekly" takes longer than the Novu plan allows, which is 24 h',
    ],
    [
      "a digest until a time that never comes",
      campaign({ workflow: ({ step }) => step.digest("never", { cron: "0 9 31 2 *" }) }),
      'cron "0 9 31 2 *" has no next time in UTC',
    ],
    [
      "code that reads into an empty payload",
      campaign({
        workflow: async ({ payload }) => void (payload as { cart: { value: number } }).cart.value,
      }),
      "its code must run with an empty payload outside its steps",
    ],
  ])("is refused at the start: %s", async (_name, workflow, message) => {
    await expect(workflow.build(sampleDependencies(testProduct)).discover()).rejects.toThrow(message);
  });

  it.each<[string, LifecycleWorkflow]>([
    ["every step always, with conditions in `skip`", upgrade],
    ["a digest every morning", campaign({ workflow: ({ step }) => step.digest("daily", { cron: "0 9 * * *" }) })],
    [
      "values of the payload at the top, read in functions",
      campaign({
        payload: z.object({ url: z.url(), days: z.number() }),
        async workflow({ step, payload }) {
          const { url } = payload;
          await step.inApp("note", () => ({ body: String(new URL(String(url)).host) }));
        },
      }),
    ],
  ])("is accepted with %s", async (_name, workflow) => {
    await expect(workflow.build(sampleDependencies(testProduct)).discover()).resolves.toBeDefined();
  });
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
