import type { Reporter } from "vitest/node";

/** Says at the end of a run what it left out. */
export function leftOut(names: string[]): Reporter {
  return {
    onTestRunEnd() {
      process.stdout.write(`   Left out  ${names.join(", ")}: npm run test:all runs everything\n\n`);
    },
  };
}
