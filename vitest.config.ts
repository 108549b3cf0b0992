import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    testTimeout: 60_000,
    // Most of the time is waiting for sockets and child processes.
    maxWorkers: 3,
  },
});
