import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's disk in memory; a container may have one of 64 MB, which is too small. */
const MEMORY_DISK = "/dev/shm";
const NEEDED_BYTES = 1024 ** 3;
const usual = hasRoom(MEMORY_DISK) ? MEMORY_DISK : tmpdir();

/** A folder that is gone when the test ends; in memory where there is room, because each commit waits for its disk. */
export function testFolder(within = usual): { path: string } & Disposable {
  const path = mkdtempSync(join(within, "posthog-novu-bridge-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > NEEDED_BYTES;
  } catch {
    return false;
  }
}
