import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Shape } from "../../src/contracts/workflow.ts";
import type { Store } from "../../src/store/store.ts";
import { event, OCCURRED_AT, start } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const STEP = { transactionId: "u:w", step: "offer", distinctId: "ada" };
const shapeWith = (...steps: string[]): Shape => ({
  workflow: "w",
  steps: steps.map((step) => ({ step, type: "email" })),
  payload: "p",
});

/** The promises of every engine about the shapes of workflows and the values that were found out again. */
export function storeShapes(name: string, createEngine: () => Engine): void {
  describe(`the store's shapes: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let now: number;

    beforeEach(async () => {
      engine = createEngine();
      now = Date.parse(OCCURRED_AT);
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("are found by their id, and by their workflow with the latest in the code first", async () => {
      await store.runs.saveShapes([{ id: "one", shape: shapeWith("a") }]);
      now += 1;
      await store.runs.saveShapes([
        { id: "two", shape: shapeWith("a", "b") },
        { id: "other", shape: { ...shapeWith("c"), workflow: "v" } },
      ]);
      expect(await store.runs.findShape("one")).toEqual(shapeWith("a"));
      expect(await store.runs.findShape("none")).toBeNull();
      expect(await store.runs.listShapes("w")).toEqual([shapeWith("a", "b"), shapeWith("a")]);
      now += 1;
      await store.runs.saveShapes([{ id: "one", shape: shapeWith("a") }]);
      expect(await store.runs.listShapes("w")).toEqual([shapeWith("a"), shapeWith("a", "b")]);
    });

    it("are kept of each run as they were when it was first taken on", async () => {
      await store.runs.saveShapes([
        { id: "one", shape: shapeWith("a") },
        { id: "two", shape: shapeWith("b") },
      ]);
      for (const id of ["u", "v", "x"]) {
        const run = { ...start().run, eventUuid: id, transactionId: `${id}:w` };
        await store.events.insert(event({ uuid: id }), { starts: [start({ run })], exits: [] });
      }
      expect(
        await Promise.all([
          store.runs.markStarted("u:w", "one"),
          store.runs.markStarted("v:w", "two"),
          store.runs.markStarted("x:w", null),
          store.runs.markStarted("none:w", "one"),
        ]),
      ).toEqual(["in progress", "in progress", "in progress", "exited"]);
      await store.runs.markStarted("u:w", "two");
      expect(await Promise.all(["u:w", "v:w", "x:w"].map((id) => store.runs.findShapeOf(id)))).toEqual([
        shapeWith("a"),
        shapeWith("b"),
        null,
      ]);
    });

    it("keep the first value of a custom step, unless another one is to take its place", async () => {
      expect(await store.decisions.saveCustomValue(STEP, { word: "one" })).toEqual({ word: "one" });
      expect(await store.decisions.saveCustomValue(STEP, { word: "two" })).toEqual({ word: "one" });
      expect(await store.decisions.findCustomValues("u:w")).toEqual({ offer: { word: "one" } });
      expect(await store.decisions.saveCustomValue(STEP, { word: "three" }, { replace: true })).toEqual({
        word: "three",
      });
      expect(await store.decisions.findCustomValues("v:w")).toEqual({});
      await store.prune(now + 1, 100);
      expect(await store.decisions.findCustomValues("u:w")).toEqual({});
    });
  });
}
