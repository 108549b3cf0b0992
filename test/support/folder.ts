import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's disk in memory. That of a container may have 64 MB, which is too small. */
const MEMORY_DISK = "/dev/shm";
const NEEDED_BYTES = 1024 ** 3;
const usual = hasSpace(MEMORY_DISK) ? MEMORY_DISK : tmpdir();

/** A folder that is deleted when the test ends, in memory if possible: each commit waits for its disk. */
export function testFolder(within = usual): { path: string } & Disposable {
  const path = mkdtempSync(join(within, "posthog-novu-bridge-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function hasSpace(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > NEEDED_BYTES;
  } catch {
    return false;
  }
}
