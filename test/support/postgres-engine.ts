import pg from "pg";
import { afterAll } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import type { Engine } from "../engines/promises.ts";
import { testDatabase } from "./postgres.ts";

const log = createLog({ level: "silent" });

/**
 * Engines on one database, with one store for all tests of a file. Each test starts without rows, and only a restart
 * closes the store. A connection costs the server more than most tests do, and a store opens several.
 */
export function postgresEngine(urlOf: (directUrl: string) => string = (url) => url): () => Engine {
  const database = testDatabase();
  let emptying: pg.Client | undefined;
  let store: Store | undefined;
  let now = Date.now;
  afterAll(async () => {
    if (emptying === undefined) return;
    await store?.close();
    await emptying.end();
    await database.drop();
  });

  return () => ({
    async open(clock) {
      emptying ??= await connect();
      await emptying.query(EMPTY);
      return storeWith(clock);
    },
    async reopen(clock) {
      await store?.close();
      store = undefined;
      return storeWith(clock);
    },
    drop: async () => {},
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: await database.createMigrated() });
    await client.connect();
    return client;
  }

  async function storeWith(clock: () => number): Promise<Store> {
    now = clock;
    store ??= await openPostgresStore({ url: urlOf(database.url), now: () => now(), log });
    return { ...store, close: async () => {} };
  }
}

/** Of all tables except those of the migrations. */
const EMPTY = `do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%' loop
    execute format('delete from %I', name);
  end loop;
end $$`;
