import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { fileIn } from "../../src/store/sqlite-files.ts";
import { testFolder } from "./folder.ts";

let empty: Promise<Buffer> | undefined;

/** Copies a store with all tables and no rows into a folder, which is faster than the migrations. */
export async function emptySqliteStore(dataDir: string): Promise<void> {
  empty ??= migratedFile();
  await writeFile(fileIn(dataDir), await empty);
}

async function migratedFile(): Promise<Buffer> {
  using folder = testFolder();
  const store = await openSqliteStore({ dataDir: folder.path, now: Date.now });
  // A part of an open database may be in its write-ahead log.
  const copy = join(folder.path, "copy.db");
  await store.backup(copy);
  await store.close();
  // Awaited, because the folder is deleted on return.
  return await readFile(copy);
}
