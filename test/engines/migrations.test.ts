import { Kysely, PostgresDialect, SqliteDialect, sql } from "kysely";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { assertMigrated, type EngineName, MIGRATIONS, type Migrations, migrate } from "../../src/store/migrate.ts";
import { IMPERSONAL_TABLES, PERSON_TABLES } from "../../src/store/people.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import { fileIn } from "../../src/store/sqlite-files.ts";
import { testFolder } from "../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";

/** A migration that a later version may have. */
const NEXT: Migrations = {
  ...MIGRATIONS,
  "0002-notes": async (db) => {
    await db.schema.alterTable("events").addColumn("note", "text").execute();
  },
};

describe.each<EngineName>(hasPostgres ? ["sqlite", "postgres"] : ["sqlite"])("the migrations of %s", (engine) => {
  it("create tables of which each is in the list of what holds a person, or in the list of what does not", async () => {
    await using data = await testData(engine);
    await migrate(data.db, engine);
    const tables = await data.db.introspection.getTables();
    expect(tables.map(({ name }) => name).sort()).toEqual(
      [...Object.values(PERSON_TABLES), ...IMPERSONAL_TABLES].sort(),
    );
    for (const { name, columns } of tables) {
      const isPersonal = columns.some((column) => column.name === "distinct_id" || column.name === "previous_id");
      expect([name, Object.values<string>(PERSON_TABLES).includes(name)]).toEqual([name, isPersonal]);
    }
  });

  it("go forward, keep what is there, and run once", async () => {
    await using data = await testData(engine);
    await migrate(data.db, engine);
    await insertEvent(data.db);
    await expect(assertMigrated(data.db, engine, NEXT)).rejects.toThrow('the migration "0002-notes" has not run');
    await migrate(data.db, engine, NEXT);
    await migrate(data.db, engine, NEXT);
    await expect(assertMigrated(data.db, engine, NEXT)).resolves.toBeUndefined();
    expect((await sql`select uuid, note from events`.execute(data.db)).rows).toEqual([{ uuid: "u", note: null }]);
  });

  it("name the one that fails", async () => {
    await using data = await testData(engine);
    await migrate(data.db, engine);
    const broken: Migrations = {
      ...NEXT,
      "0003-broken": async (db) => {
        await db.schema.alterTable("runs").addColumn("note", "text").execute();
        throw new Error("broken");
      },
    };
    await expect(migrate(data.db, engine, broken)).rejects.toThrow('the store\'s migration "0003-broken" failed');
    // SQLite commits each migration by itself, PostgreSQL all or none.
    const first = assertMigrated(data.db, engine, NEXT);
    await (engine === "postgres"
      ? expect(first).rejects.toThrow("0002-notes")
      : expect(first).resolves.toBeUndefined());
    await insertEvent(data.db);
  });

  it("wait for each other", { tags: ["long"] }, async () => {
    if (engine === "sqlite") return;
    await using data = await testData(engine);
    await Promise.all(Array.from({ length: 4 }, () => migrate(data.db, engine, NEXT)));
    await expect(assertMigrated(data.db, engine, NEXT)).resolves.toBeUndefined();
  });
});

async function insertEvent(db: Kysely<unknown>): Promise<void> {
  await sql`insert into events (uuid, name, distinct_id, occurred_at, received_at, body) values ('u', 'n', 'ada', '', 0, '{}')`.execute(
    db,
  );
}

async function testData(engine: EngineName) {
  const folder = testFolder();
  const database = engine === "postgres" ? await openTestDatabase() : null;
  const dialect =
    database === null
      ? new SqliteDialect({ database: (await sqliteDriver()).open(fileIn(folder.path)) })
      : new PostgresDialect({ pool: poolOf(database.url) });
  const db = new Kysely<unknown>({ dialect });
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await database?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** `pool.end()` does not wait for the server, and dropping the database breaks the connections that are left. */
function poolOf(url: string): pg.Pool {
  return new pg.Pool({ connectionString: url }).on("error", () => {});
}
