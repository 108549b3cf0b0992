import type { Reporter } from "vitest/node";

/** Says at the end of a run which projects it did not run. */
export function leftOut(projects: string[]): Reporter {
  return {
    onTestRunEnd() {
      if (projects.length === 0) return;
      process.stdout.write(`  Left out: ${projects.join(", ")}, PostgreSQL. npm run test:all runs everything.\n\n`);
    },
  };
}
