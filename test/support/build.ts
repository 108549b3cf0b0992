import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const TSC = join(PROJECT, "node_modules/typescript/bin/tsc");
/** The sources that many tests start. */
const STARTED = ["src/main.ts", "src/cli.ts", "test/support/product/main.ts", "test/support/app-by-our-clock.ts"];
const BUNDLE = join(PROJECT, "src/build/bundle.ts");
/** The sources, and the tests' product. */
const BUILD = fileURLToPath(new URL("build.json", import.meta.url));

/**
 * Compiles the sources for the processes of the tests, and bundles those that many start. It runs once for all projects
 * of a run, and again after each change in watch mode. Each run has its own folder, so that two runs in one checkout do
 * not disturb each other.
 */
export default function setup(project: TestProject): (() => void) | undefined {
  if (process.env.TEST_BUILD !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-build-"));
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  copyFileSync(join(PROJECT, "package.json"), join(folder, "package.json"));
  process.env.TEST_BUILD = folder;
  build(folder);
  project.onTestsRerun(async () => build(folder));
  return () => {
    delete process.env.TEST_BUILD;
    rmSync(folder, { recursive: true, force: true });
  };
}

function build(folder: string): void {
  // `npm run typecheck` checks the types.
  execFileSync(process.execPath, [TSC, "-p", BUILD, "--noCheck", "--outDir", folder], {
    cwd: PROJECT,
    stdio: "inherit",
  });
  execFileSync(process.execPath, ["--import", "tsx", BUNDLE, "--outdir", folder, ...STARTED], {
    cwd: PROJECT,
    stdio: "inherit",
  });
}
