import { setTimeout as sleep } from "node:timers/promises";
import type { LifecycleWorkflow } from "../../src/engine/lifecycle.ts";
import { openSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/sandbox.ts";
import { emptySqliteStore } from "./empty-sqlite-store.ts";
import { testFolder } from "./folder.ts";
import { testProduct } from "./product/product.ts";
import { testSamples } from "./samples.ts";

/** A Monday. */
const START = Date.parse("2026-03-02T09:00:00.000Z");

export type TestSandboxOptions = Partial<SandboxOptions> & {
  /** They replace those of the product. */
  workflows?: LifecycleWorkflow[];
};

/**
 * A sandbox on free ports and in a folder of its own, with the tests' product and samples. It stops when the test ends.
 */
export async function testSandbox({
  product = testProduct,
  workflows = product.workflows,
  ...options
}: TestSandboxOptions = {}): Promise<Sandbox> {
  const folder = testFolder();
  await emptySqliteStore(folder.path);
  const sandbox = await openSandbox({
    dataDir: folder.path,
    startAt: START,
    samples: testSamples,
    product: { ...product, workflows },
    ...options,
  });
  sandbox[Symbol.asyncDispose] = async () => {
    await sandbox.stop();
    folder[Symbol.dispose]();
  };
  return sandbox;
}

/** Resolves when `isSo` is true. For other processes, which a test cannot await. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  withinMs = 20_000,
  lookEveryMs = 20,
): Promise<void> {
  for (const startedAt = performance.now(); !(await isSo()); await sleep(lookEveryMs)) {
    if (performance.now() - startedAt > withinMs) throw new Error(`not within ${withinMs} ms: ${isSo}`);
  }
}
