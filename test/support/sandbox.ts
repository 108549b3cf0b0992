import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/sandbox.ts";

/** Monday, nine o'clock. */
const START = Date.parse("2026-03-02T09:00:00.000Z");

/** A sandbox on free ports and a folder of its own, both gone when the test ends. */
export async function testSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const folder = testFolder();
  const sandbox = await openSandbox({ dataDir: folder.path, startAt: START, ...options });
  sandbox[Symbol.asyncDispose] = async () => {
    await sandbox.stop();
    folder[Symbol.dispose]();
  };
  return sandbox;
}

export function testFolder(within = tmpdir()): { path: string } & Disposable {
  const path = mkdtempSync(join(within, "posthog-novu-bridge-test-"));
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
