import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/sandbox.ts";
import type { LifecycleWorkflow } from "../../src/workflows/lifecycle.ts";
import { testProduct } from "./product/product.ts";

/** Monday, nine o'clock. */
const START = Date.parse("2026-03-02T09:00:00.000Z");

/** Linux's; a container may have one of 64 MB, which is too small. */
const MEMORY_DISK = "/dev/shm";
const memoryDisk = hasRoom(MEMORY_DISK) ? MEMORY_DISK : undefined;

export type TestSandboxOptions = Partial<SandboxOptions> & {
  /** Instead of the product's. */
  workflows?: LifecycleWorkflow[];
};

/** A sandbox on free ports and a folder of its own, both gone when the test ends; with the tests' product, unless told otherwise. */
export async function testSandbox({
  product = testProduct,
  workflows = product.workflows,
  ...options
}: TestSandboxOptions = {}): Promise<Sandbox> {
  const folder = testFolder();
  const sandbox = await openSandbox({
    dataDir: folder.path,
    startAt: START,
    product: { ...product, workflows },
    ...options,
  });
  sandbox[Symbol.asyncDispose] = async () => {
    await sandbox.stop();
    folder[Symbol.dispose]();
  };
  return sandbox;
}

/** A folder that is gone when the test ends; in memory where there is room, because each commit waits for its disk. */
export function testFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(memoryDisk ?? tmpdir(), "posthog-novu-bridge-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Resolves when `isSo` holds; for what happens in another process, where there is nothing to await. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  withinMs = 20_000,
  lookEveryMs = 20,
): Promise<void> {
  for (const startedAt = performance.now(); !(await isSo()); await sleep(lookEveryMs)) {
    if (performance.now() - startedAt > withinMs) throw new Error(`not within ${withinMs} ms: ${isSo}`);
  }
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 1024 ** 3;
  } catch {
    return false;
  }
}
