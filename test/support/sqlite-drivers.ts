import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SqliteDriver } from "../../src/store/sqlite-driver.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";

/** All drivers that this Node has; the app's own first. */
export async function sqliteDrivers(): Promise<SqliteDriver[]> {
  const [own, other] = [await sqliteDriver(), await sqliteDriver("libsql")];
  return own.name === other.name ? [own] : [own, other];
}

export function fileHash(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
