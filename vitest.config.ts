import { defineConfig, type TestProjectConfiguration } from "vitest/config";

const project = (name: string, test: object = {}): TestProjectConfiguration => ({
  extends: true,
  test: { name, include: [`test/${name}/**/*.test.{ts,tsx}`], ...test },
});
const build = { globalSetup: "test/support/build.ts" };

export default defineConfig({
  test: {
    testTimeout: 60_000,
    maxWorkers: 3,
    projects: [
      project("unit"),
      project("app", { include: ["test/{app,workflows}/**/*.test.{ts,tsx}"] }),
      project("engines", build),
      project("commands", build),
      project("browser"),
      project("trouble", build),
      // The first day of a fork, in a copy of the checkout.
      project("fork"),
      // The stories once more, told by Segment.
      project("segment", { include: ["test/workflows/stories/*.test.ts"], env: { STORIES_BY: "segment" } }),
    ],
  },
});
