import { expect, it } from "vitest";
import { play } from "../../src/sandbox/demo/play.ts";
import { samples } from "../../src/workflows/demo/samples.ts";
import { story } from "../../src/workflows/demo/story.ts";
import { product } from "../../src/workflows/product.ts";
import { productOf } from "../support/product/product.ts";
import { verifySandbox } from "../support/rehearsal.ts";
import { testSandbox } from "../support/sandbox.ts";

it("the demo goes as its story expects, and its rehearsal repeats each decision or explains it", {
  tags: ["long"],
}, async () => {
  await using sandbox = await testSandbox({ product, startAt: story.startsAt });
  expect((await play(sandbox, story)).differences).toEqual([]);
  const { decisions, differences } = await verifySandbox(sandbox, story.startsAt, { product, samples });
  expect(differences.filter(({ why }) => why === null)).toEqual([]);
  expect(decisions).toBeGreaterThanOrEqual(2 * differences.length);
});

it("the demo leaves out the scenes of a workflow that is not in the list, and returns its id", async () => {
  await using sandbox = await testSandbox({ product: productOf([]), startAt: story.startsAt });
  const { leftOut, differences, timeline } = await play(sandbox, story);
  expect(leftOut).toEqual([...new Set(story.scenes.map(({ workflow }) => workflow))]);
  expect([differences, timeline]).toEqual([[], []]);
});
