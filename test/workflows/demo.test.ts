import { expect, it } from "vitest";
import { play } from "../../src/sandbox/demo/play.ts";
import { STORY_STARTS_AT } from "../../src/workflows/demo/story.ts";
import { product } from "../../src/workflows/product.ts";
import { productOf } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

it("the demo goes as its story tells, with the workflows that there are", { tags: ["long"] }, async () => {
  await using sandbox = await testSandbox({ product, startAt: STORY_STARTS_AT });
  expect((await play(sandbox)).differences).toEqual([]);
});

it("the demo leaves out what belongs to a workflow that is not there, and says which", async () => {
  await using sandbox = await testSandbox({ product: productOf([]), startAt: STORY_STARTS_AT });
  const { leftOut, differences, timeline } = await play(sandbox);
  expect(leftOut).toEqual(["onboarding", "drop-off", "re-engagement"]);
  expect([differences, timeline]).toEqual([[], []]);
});
