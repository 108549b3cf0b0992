import { expect, it } from "vitest";
import { lostSteps } from "../../../src/novu/record-decisions.ts";

const STEPS = [
  { step: "welcome", channel: "email" },
  { step: "note", channel: "in_app" },
] as const;

it.each([
  ["Novu's own words", "the bridge answered 502", "the bridge answered 502"],
  [
    "a stack, of which the first line counts",
    { stack: "Error: 502 <ada@example.com>\n    at a.js:1" },
    "Error: 502 <[redacted]>",
  ],
  ["nothing", undefined, "Novu gives no reason"],
])("names what failed, with %s", (_what, error, detail) => {
  const state = [
    { stepId: "note", outputs: {}, state: { status: "failed", error } },
    { stepId: "welcome", outputs: {}, state: { status: "completed" } },
    { stepId: "", outputs: {}, state: { status: "completed" } },
  ];
  expect(lostSteps(state, [...STEPS])).toEqual([
    { step: "note", channel: "in_app", outcome: "failed", reason: "lost at Novu", detail },
  ]);
});

it("names what Novu left out, and nothing of waits, of what runs, or of steps that are not there", () => {
  const state = [
    { stepId: "welcome", outputs: {}, state: { status: "canceled" } },
    { stepId: "wait", outputs: {}, state: { status: "failed" } },
  ];
  expect(lostSteps(state, [...STEPS])).toMatchObject([{ step: "welcome", outcome: "skipped" }]);
  expect(lostSteps([{ stepId: "note", outputs: {}, state: { status: "running" } }], [...STEPS])).toEqual([]);
  expect(lostSteps([{ stepId: "note", outputs: {} }], [...STEPS])).toEqual([]);
});
