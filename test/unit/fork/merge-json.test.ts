import { expect, it } from "vitest";
import { mergeJson } from "../../../src/fork/upgrade/merge-json.ts";

it.each([
  ["nothing", { a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }, []],
  ["theirs alone", { a: 1 }, { a: 1 }, { a: 2, b: 3 }, { a: 2, b: 3 }, []],
  ["ours alone", { a: 1 }, { a: 2, b: 3 }, { a: 1 }, { a: 2, b: 3 }, []],
  ["the same on both sides", { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }, []],
  ["a key that we have deleted", { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 1 }, { b: 1 }, []],
  ["a key that they have deleted", { a: 1, b: 1 }, { a: 1, b: 1 }, { b: 1 }, { b: 1 }, []],
  ["a list, which is one value", { a: [1] }, { a: [1] }, { a: [1, 2] }, { a: [1, 2] }, []],
  ["keys inside", { s: { a: 1 } }, { s: { a: 1, b: 2 } }, { s: { a: 3 } }, { s: { a: 3, b: 2 } }, []],
  ["an object that both have added", {}, { s: { a: 1 } }, { s: { b: 2 } }, { s: { b: 2, a: 1 } }, []],
  ["both, differently", { s: { a: 1 } }, { s: { a: 2 } }, { s: { a: 3 } }, { s: { a: 2 } }, ["s.a"]],
  ["a key that we have deleted and they have changed", { a: 1 }, {}, { a: 2 }, {}, ["a"]],
  ["a key that we have changed and they have deleted", { a: 1 }, { a: 2 }, {}, { a: 2 }, ["a"]],
])("merges %s", (_what, base, ours, theirs, merged, keys) => {
  const result = mergeJson({ base, ours, theirs });
  expect([result.merged, result.bothChanged.map(({ key }) => key)]).toEqual([merged, keys]);
});

it("has the keys in the order of the new release, and the fork's behind them", () => {
  const { merged } = mergeJson({ base: { b: 1, a: 1 }, ours: { own: 1, b: 1, a: 1 }, theirs: { a: 1, c: 1, b: 1 } });
  expect(Object.keys(merged)).toEqual(["a", "c", "b", "own"]);
});
