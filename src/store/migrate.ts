import { type Kysely, type Migration, Migrator } from "kysely";
import { createTables } from "./migrations/0001-tables.ts";

export type EngineName = "sqlite" | "postgres";

/** Forward only. After each migration, the previous version of the app still works with the tables. */
export type Migrations = Record<string, (db: Kysely<unknown>, engine: EngineName) => Promise<void>>;

export const MIGRATIONS: Migrations = {
  "0001-tables": createTables,
};

/** Brings the tables up to date, one process at a time; throws with the name of the migration that failed. */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  engine: EngineName,
  migrations: Migrations = MIGRATIONS,
): Promise<void> {
  const { error, results } = await migrator(db, engine, migrations).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error")?.migrationName ?? "unknown";
  throw new Error(`the store's migration "${failed}" failed`, { cause: error });
}

/** Throws when a migration of this version has not run. */
export async function assertMigrated<Tables>(
  db: Kysely<Tables>,
  engine: EngineName,
  migrations: Migrations = MIGRATIONS,
): Promise<void> {
  const all = await migrator(db, engine, migrations).getMigrations();
  const missing = all.find(({ executedAt }) => executedAt === undefined);
  if (missing === undefined) return;
  throw new Error(`the migration "${missing.name}" has not run; start this version of the app once with this store`);
}

function migrator<Tables>(db: Kysely<Tables>, engine: EngineName, migrations: Migrations): Migrator {
  const named = Object.entries(migrations).map(([name, up]): [string, Migration] => [
    name,
    { up: (trx) => up(trx, engine) },
  ]);
  return new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(named) } });
}
