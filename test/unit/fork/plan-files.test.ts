import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { isForksOwn, OWN_PATHS } from "../../../src/fork/own-paths.ts";
import { type FileChange, planFiles } from "../../../src/fork/upgrade/plan-files.ts";

it.each<[string, FileChange["status"], string | null, string]>([
  ["a new file", "A", null, "apply"],
  ["a new file that the fork has too", "A", "ours", "apply"],
  ["a changed file", "M", "base", "apply"],
  ["a file that both have changed", "M", "ours", "apply"],
  ["a changed file that the fork has deleted", "M", null, "leftOut"],
  ["a deleted file", "D", "base", "apply"],
  ["a file that both have deleted", "D", null, "nothing"],
  ["a deleted file that the fork has changed", "D", "ours", "kept"],
])("%s", (_what, status, hash, expected) => {
  const path = "src/engine/a.ts";
  const plan = planFiles([{ status, path }], {
    base: new Map([[path, "base"]]),
    fork: new Map(hash === null ? [] : [[path, hash]]),
  });
  expect(plan).toEqual({ apply: [], leftOut: [], kept: [], ...(expected !== "nothing" && { [expected]: [path] }) });
});

it.each([
  ["emails/_components/brand.ts", true],
  ["src/workflows/demo/story.ts", true],
  ["src/workflows/README.md", false],
  ["src/workflows/AGENTS.md", false],
  ["test/workflows/stories/onboarding.test.ts", true],
  ["test/workflows/story.ts", false],
  ["README.md", true],
  ["src/engine/README.md", false],
  [".env", true],
  [".env.example", false],
  ["package.json", false],
])("%s is a fork's own: %s", (path, expected) => {
  expect(isForksOwn(path)).toBe(expected);
});

it("the folders of a fork's own exist", () => {
  const folders = OWN_PATHS.filter((path) => path.endsWith("/"));
  expect(folders.filter((path) => !existsSync(new URL(`../../../${path}`, import.meta.url)))).toEqual([]);
});
