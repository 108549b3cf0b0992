import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Shape } from "../../src/contracts/shape.ts";
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
      await store.keepShapes([{ id: "one", shape: shapeWith("a") }]);
      now += 1;
      await store.keepShapes([
        { id: "two", shape: shapeWith("a", "b") },
        { id: "other", shape: { ...shapeWith("c"), workflow: "v" } },
      ]);
      expect(await store.shape("one")).toEqual(shapeWith("a"));
      expect(await store.shape("none")).toBeNull();
      expect(await store.shapesOf("w")).toEqual([shapeWith("a", "b"), shapeWith("a")]);
      now += 1;
      await store.keepShapes([{ id: "one", shape: shapeWith("a") }]);
      expect(await store.shapesOf("w")).toEqual([shapeWith("a"), shapeWith("a", "b")]);
    });

    it("are kept of each run as they were when it was first taken on", async () => {
      await store.keepShapes([
        { id: "one", shape: shapeWith("a") },
        { id: "two", shape: shapeWith("b") },
      ]);
      for (const id of ["u", "v", "x"]) {
        const run = { ...start().run, eventUuid: id, transactionId: `${id}:w` };
        await store.accept(event({ uuid: id }), { starts: [start({ run })], exits: [] });
      }
      expect(
        await Promise.all([
          store.markStarted("u:w", "one"),
          store.markStarted("v:w", "two"),
          store.markStarted("x:w", null),
          store.markStarted("none:w", "one"),
        ]),
      ).toEqual(["started", "started", "started", "exited"]);
      await store.markStarted("u:w", "two");
      expect(await Promise.all(["u:w", "v:w", "x:w"].map((id) => store.shapeOfRun(id)))).toEqual([
        shapeWith("a"),
        shapeWith("b"),
        null,
      ]);
    });

    it("keep the first value of a custom step, unless another one is to take its place", async () => {
      expect(await store.keepValue(STEP, { word: "one" })).toEqual({ word: "one" });
      expect(await store.keepValue(STEP, { word: "two" })).toEqual({ word: "one" });
      expect(await store.keptValues("u:w")).toEqual({ offer: { word: "one" } });
      expect(await store.keepValue(STEP, { word: "three" }, { replace: true })).toEqual({ word: "three" });
      expect(await store.keptValues("v:w")).toEqual({});
      await store.prune(now + 1, 100);
      expect(await store.keptValues("u:w")).toEqual({});
    });
  });
}
