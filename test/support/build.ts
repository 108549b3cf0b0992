import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const TSC = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** Before the tests, and again after each change: the processes that they start run what is built. */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(async () => build());
}

function build(): void {
  // The types are checked elsewhere.
  execFileSync(process.execPath, [TSC, "--noCheck"], { cwd: PROJECT, stdio: "inherit" });
}
