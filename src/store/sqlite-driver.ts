import { libsql } from "./libsql.ts";
import { nodeSqlite } from "./node-sqlite.ts";
import type { SqliteDriver } from "./sqlite-connection.ts";

/** SQLite before 3.51.3 can lose commits when two connections write or checkpoint: https://sqlite.org/wal.html#walresetbug */
const SAFE_SINCE = [3, 51, 3];

/** Node's own SQLite where it is there and safe, else libsql; tests and benchmarks name one. */
export async function sqliteDriver(name?: SqliteDriver["name"]): Promise<SqliteDriver> {
  if (name === "libsql") return libsql();
  const own = nodeSqlite();
  if (own !== null && isSafe(versionOf(own))) return own;
  if (name === undefined) return libsql();
  throw new Error(`Node ${process.version} has no node:sqlite with SQLite ${SAFE_SINCE.join(".")} or newer`);
}

function versionOf(driver: SqliteDriver): number[] {
  const connection = driver.open(":memory:");
  try {
    const [row] = connection.prepare("select sqlite_version() as version").all([]) as Array<{ version: string }>;
    return (row?.version ?? "").split(".").map(Number);
  } finally {
    connection.close();
  }
}

function isSafe(version: number[]): boolean {
  const at = SAFE_SINCE.findIndex((part, index) => part !== version[index]);
  return at === -1 || (version[at] ?? 0) > (SAFE_SINCE[at] ?? 0);
}
