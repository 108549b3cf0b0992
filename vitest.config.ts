import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // Most of the time is waiting for sockets and child processes.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["test/**/*.test.{ts,tsx}"],
          globalSetup: "test/support/build.ts",
        },
      },
      // The same journeys, told by Segment.
      {
        extends: true,
        test: { name: "segment", include: ["test/workflows/stories/*.test.ts"], env: { STORIES_BY: "segment" } },
      },
    ],
  },
});
