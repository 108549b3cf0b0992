import { afterAll, afterEach, describe, expect, it } from "vitest";
import { cloneCheckout } from "./clone.ts";
import { removalsIn, remove } from "./remove.ts";

/** A busy machine needs this long. */
const WITHIN_MS = 15 * 60_000;
/** The parts of `npm test` that a removal may turn red, without those that it deletes. The compiler checks the others. */
const TESTS = [
  "test/unit/project/folders.test.ts",
  "test/app/sources/posthog-webhook.test.ts",
  "test/app/studio/decided.test.ts",
];
const WITHOUT_SEGMENT = ["test/unit/routing/", "test/unit/outbox/"];
/** They have a person from Segment too. */
const WITH_SEGMENT = ["test/app/sources/strangers-text.test.ts", "test/app/studio/why.test.ts"];

const STORY = "src/sandbox/README.md: Remove the page that exports a story";
const SANDBOX = "src/sandbox/README.md: Remove the pages of the sandbox";
const SEGMENT = "src/sources/segment/README.md: Remove Segment";
const STUDIO = "src/studio/README.md: Remove the studio";
/** With the tests. The first two are about files that have nothing in common, so one check is enough. */
const TOGETHER = [
  [STORY, SEGMENT, ...TESTS, ...WITHOUT_SEGMENT],
  [SANDBOX, ...TESTS, ...WITH_SEGMENT],
  [STUDIO, ...TESTS, ...WITH_SEGMENT],
];

describe("a part that a fork does not need", () => {
  // One for all tests, because the types that are checked and the modules that are transformed stay in it.
  const clone = cloneCheckout();
  const removals = removalsIn(clone);
  afterEach(() => clone.reset());
  afterAll(() => clone[Symbol.dispose]());

  it("is one of these", () => {
    expect(removals.map(({ title }) => title)).toEqual([STORY, SANDBOX, SEGMENT, STUDIO]);
  });

  it.each(TOGETHER)("can be removed by %s", { timeout: WITHIN_MS }, async (...names) => {
    for (const removal of removals) if (names.includes(removal.title)) remove(clone, removal);
    const { code, output } = await clone.typecheck();
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
    const { passed, red } = await clone.vitest(...names.filter((name) => name.startsWith("test/")));
    expect([red, passed > 50]).toEqual([[], true]);
  });
});
