import { expect, it } from "vitest";
import { play } from "../../src/sandbox/demo/play.ts";
import { story } from "../../src/workflows/demo/story.ts";
import { product } from "../../src/workflows/product.ts";
import { productOf } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

it("the demo goes as its story expects, with the workflows of this checkout", { tags: ["long"] }, async () => {
  await using sandbox = await testSandbox({ product, startAt: story.startsAt });
  expect((await play(sandbox, story)).differences).toEqual([]);
});

it("the demo leaves out the scenes of a workflow that is not in the list, and returns its id", async () => {
  await using sandbox = await testSandbox({ product: productOf([]), startAt: story.startsAt });
  const { leftOut, differences, timeline } = await play(sandbox, story);
  expect(leftOut).toEqual([...new Set(story.scenes.map(({ workflow }) => workflow))]);
  expect([differences, timeline]).toEqual([[], []]);
});
