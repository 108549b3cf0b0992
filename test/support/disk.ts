import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A folder on its own disk, small enough for a test to fill; null where the machine does not allow a mount. */
export function smallDisk(path: string, megabytes: number) {
  mkdirSync(path, { recursive: true });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  if (mounted.status !== 0) return null;
  const filler = join(path, "filler");
  return {
    path,
    fill() {
      const file = openSync(filler, "a");
      try {
        for (const bytes of [Buffer.alloc(65_536), Buffer.alloc(4_096)]) writeUntilFull(file, bytes);
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    [Symbol.dispose]: () => void spawnSync("umount", ["--lazy", path]),
  };
}

/**
 * Makes files unwritable, also for a process that has them open, and writable again; false where the file system
 * cannot.
 */
export function setImmutable(files: string[], isImmutable: boolean): boolean {
  return spawnSync("chattr", [isImmutable ? "+i" : "-i", ...files]).status === 0;
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
