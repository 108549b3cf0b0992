import type { Reporter } from "vitest/node";

/** Prints the parts that a run left out, at its end. */
export function leftOut(names: string[]): Reporter {
  return {
    onTestRunEnd() {
      process.stdout.write(`   Left out  ${names.join(", ")}: npm run test:long runs them\n\n`);
    },
  };
}
