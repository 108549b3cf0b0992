import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { SqliteDriver } from "./sqlite-connection.ts";

/** Copies a database to a new file, which appears when it is complete and on disk. */
export async function backupSqlite(driver: SqliteDriver, { from, to }: { from: string; to: string }): Promise<void> {
  // SQLite reads a name that begins with "file:" as a URI.
  const part = resolve(`${to}.part`);
  if (existsSync(to)) throw new Error(`the file "${to}" is there already; name one that is not`);
  await claim(part);
  try {
    await driver.copy(from, part);
    await sync(part, "r+");
    await rename(part, to);
    // Windows cannot open a folder.
    await sync(dirname(part), "r").catch(() => {});
  } catch (error) {
    await rm(part, { force: true });
    throw new Error(`the store cannot be copied to "${to}"`, { cause: error });
  }
}

/** Two backups to one file would mix. */
async function claim(part: string): Promise<void> {
  try {
    const file = await open(part, "wx", 0o600);
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new Error(`the file "${part}" cannot be made`, { cause: error });
    throw new Error(`the file "${part}" is there: another backup writes it, or one broke off; then delete it`, {
      cause: error,
    });
  }
}

async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
