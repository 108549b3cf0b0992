import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { hasPostgres, TEMPLATE, testDatabase } from "./postgres.ts";

/** A database with all tables. The tests of a run copy it; it is dropped at the end. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (!hasPostgres) return undefined;
  const database = testDatabase();
  const url = await database.create();
  const store = await openPostgresStore({ url, now: Date.now, log: createLog({ level: "silent" }) });
  // PostgreSQL does not copy a database that is in use.
  await store.close();
  process.env[TEMPLATE] = database.name;
  return async () => {
    delete process.env[TEMPLATE];
    await database.drop();
  };
}
