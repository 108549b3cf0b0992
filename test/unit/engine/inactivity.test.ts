import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event, inactivity } from "../../../src/engine/event.ts";
import { type LifecycleDefinition, lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("a workflow that starts on inactivity", () => {
  it.each([
    [{}, ["w"]],
    [{ days_inactive: 30 }, ["w"]],
    [{ days_inactive: 45 }, ["w"]],
    [{ days_inactive: null }, ["w"]],
    [{ days_inactive: "many" }, ["w"]],
    [{ days_inactive: 29 }, []],
    [{ days_inactive: "29" }, []],
    [{ days_inactive: "30.0" }, ["w"]],
    [{ days_inactive: 30, swept_for: "w" }, ["w"]],
    [{ days_inactive: 30, swept_for: "another" }, []],
  ])("goes by a user_inactive that says %j: %j", (properties, expected) => {
    const { starts } = createRoute([workflow()])(told({ name: "user_inactive", properties }));
    expect(starts.map((start) => start.workflow)).toEqual(expected);
  });

  it("says whom to look for, and may start late and once in that time", () => {
    const { absences, startWithinMs, entry } = workflow();
    expect(absences).toEqual([{ days: 30, sessions: ["session_started", "app_opened"] }]);
    expect([startWithinMs, entry]).toEqual([7 * DAY_MS, { oncePerMs: 30 * DAY_MS }]);
    expect(workflow({ on: [event("user_inactive")] })).toMatchObject({
      absences: [],
      startWithinMs: DAY_MS,
      entry: "always",
    });
    expect(workflow({ startWithin: { days: 2 }, entry: "once" })).toMatchObject({
      startWithinMs: 2 * DAY_MS,
      entry: "once",
    });
  });

  it("is refused without exit events, or with an invalid number of days", () => {
    expect(() => workflow({ exitOn: [] })).toThrow('"w" starts on inactivity, so its exitOn');
    for (const days of [0, -1, 1.5, Number.NaN]) expect(() => inactivity({ days })).toThrow("whole days");
  });
});

function workflow(changes: Partial<Omit<LifecycleDefinition<z.ZodObject>, "category" | "topic">> = {}) {
  return lifecycle({
    id: "w",
    name: "W",
    description: "For whoever is away.",
    category: "transactional",
    on: [inactivity({ days: 30 })],
    exitOn: [event("session_started"), event("app_opened"), event("session_started")],
    payload: z.object({}),
    from: () => ({}),
    async workflow({ step }) {
      await step.inApp("hello", () => ({ body: "Hello" }));
    },
    ...changes,
  });
}
