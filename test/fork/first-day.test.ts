import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { testFolder } from "../support/folder.ts";
import { addByReadme, examplesIn, makeTransactional, rebrand, removeWorkflow, renameTopics } from "./changes.ts";
import { type Clone, cloneCheckout } from "./clone.ts";

// The first day of a fork, by script in a copy of the checkout.

/** A busy machine needs this long for nearly all tests. */
const WITHIN_MS = 45 * 60_000;

const REMOVED = [
  "onboarding-stalled",
  "step-nudge",
  "feature-adoption",
  "session-drop-off",
  "welcome-to-paid",
  "re-engagement",
];
const TRANSACTIONAL = "drop-off";

// One for both tests, because the modules that are transformed stay in it.
const clone = cloneCheckout();
afterEach(() => clone.reset());
afterAll(() => clone[Symbol.dispose]());

it("a workflow that is added by the README turns nothing red", { timeout: WITHIN_MS }, async () => {
  const written = addByReadme(clone);
  expect(written).toEqual([
    "emails/trial-ending.tsx",
    "src/workflows/trial-ending.tsx",
    "test/workflows/stories/trial-ending.test.ts",
    "src/workflows/trial-over.tsx",
  ]);
  addParts(clone);

  // The next test checks its types and style, the commands, and the other stories.
  const checks = clone.files("test/workflows").filter((file) => /^test\/workflows\/[^/]+\.test\.tsx?$/.test(file));
  const { passed, red } = await clone.vitest(...checks, "test/workflows/stories/trial-ending.test.ts");
  expect([red, passed > 100]).toEqual([[], true]);
});

it("the first day turns nothing red but the story of what was changed", { timeout: WITHIN_MS }, async () => {
  addByReadme(clone);
  addParts(clone);
  for (const id of REMOVED) removeWorkflow(clone, id);
  rebrand(clone);
  renameTopics(clone);
  makeTransactional(clone, TRANSACTIONAL);

  await clone.run("biome", "check", "--write", "emails", "src/workflows", "test/workflows");
  await expectSound(clone);
  using messages = testFolder();
  const demo = await clone.run("tsx", "src/sandbox/demo/demo.ts", "--json", "--out", join(messages.path, "demo"));
  expect([demo.code, JSON.parse(demo.output)]).toMatchObject([0, { leftOut: ["re-engagement"], differences: [] }]);
  const { red } = await clone.vitest();
  expect(red).toEqual([`test/workflows/stories/${TRANSACTIONAL}.test.ts`]);
});

/** Types, lint, and no unused code. */
async function expectSound(clone: Clone): Promise<void> {
  for (const check of [
    () => clone.typecheck(),
    () => clone.run("biome", "check", "--error-on-warnings", "."),
    () => clone.run("knip"),
  ]) {
    const { code, output } = await check();
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  }
}

/** The README's parts of a file, in a test that runs them. */
function addParts(clone: Clone): void {
  const parts = examplesIn(clone).filter(({ file }) => file === null);
  expect(parts).toHaveLength(2);
  clone.write("test/workflows/parts.test.ts", testOf(parts.map(({ code }) => code)));
}

/** A part has events, or a property of a workflow. */
function statementsOf(part: string): string {
  return /^\w+: /.test(part) ? `expect({ ${part} }).toBeDefined();` : part.replace(/^event\(/gm, ";event(");
}

function testOf(parts: string[]): string {
  return `import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";

it("can be made", () => {
  expect(event).toBeTypeOf("function");
  ${parts.map(statementsOf).join("\n")}
  expect(z).toBeDefined();
});
`;
}
