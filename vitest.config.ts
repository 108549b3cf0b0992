import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    globalSetup: "test/support/build.ts",
    testTimeout: 60_000,
    // Most of the time is waiting for sockets and child processes.
    maxWorkers: 3,
  },
});
