import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventsToForward } from "../../../src/contracts/event.ts";
import { cohort, event, inactivity } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("a workflow that starts on a cohort", () => {
  it.each([
    ["sweep", { cohort_id: 42, swept_for: "w" }, ["w"]],
    ["sweep", { cohort_id: 43, swept_for: "w" }, []],
    ["sweep", { cohort_id: 42, swept_for: "another" }, []],
    ["sweep", {}, []],
    ["posthog", { cohort_id: 42, swept_for: "w" }, []],
    ["segment", { cohort_id: 42, swept_for: "w" }, []],
  ] as const)("starts by the event of %s with %j: %j", (source, properties, expected) => {
    const { starts } = createRoute([workflow()])(told({ name: "cohort_entered", source, properties }));
    expect(starts.map((start) => start.workflow)).toEqual(expected);
  });

  it("has its cohorts, one entry for each person, and a week for a late start", () => {
    expect(workflow()).toMatchObject({
      cohorts: [{ id: 42, startsMembers: false }],
      absences: [],
      entry: "once",
      startWithinMs: 7 * DAY_MS,
    });
    const other = workflow({
      on: [cohort(42, { members: "start too" }), cohort(43), inactivity({ days: 30 })],
      entry: { oncePer: { days: 90 } },
      startWithin: { days: 1 },
    });
    expect(other).toMatchObject({
      cohorts: [
        { id: 42, startsMembers: true },
        { id: 43, startsMembers: false },
      ],
      entry: { oncePerMs: 90 * DAY_MS },
      startWithinMs: DAY_MS,
    });
    expect(eventsToForward([other])).toEqual(expect.not.arrayContaining(["cohort_entered"]));
    expect(eventsToForward([other])).toContain("user_inactive");
  });

  it("is refused where it would start nothing", () => {
    for (const id of [0, -1, 1.5, Number.NaN, 2 ** 60]) expect(() => cohort(id)).toThrow("the number in the cohort");
    expect(() => event("cohort_entered")).toThrow('"cohort_entered" is an event of this app itself: use cohort(…)');
    expect(() => workflow({ on: [cohort(42), cohort(42)] })).toThrow('"w" has cohort 42 twice');
    expect(() => workflow({ exitOn: [cohort(42)] })).toThrow('"w" has a cohort in its exitOn');
  });
});

function workflow(changes: Partial<Omit<LifecycleDefinition<z.ZodObject>, "category" | "topic">> = {}) {
  return lifecycle({
    id: "w",
    name: "W",
    description: "For the people of a cohort.",
    category: "transactional",
    on: [cohort(42)],
    exitOn: [event("answered")],
    payload: z.object({}),
    from: () => ({}),
    async workflow({ step }) {
      await step.inApp("hello", () => ({ body: "Hello" }));
    },
    ...changes,
  });
}
