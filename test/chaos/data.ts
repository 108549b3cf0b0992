import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import { fileIn } from "../../src/store/sqlite-files.ts";
import { testDatabase } from "../support/postgres.ts";

export type Engine = "sqlite" | "postgres";

/** The pending jobs, read without the app. */
export interface LeftWork {
  waiting: string[];
  dead: Array<{ key: string; error: string }>;
}

/** The data of an app that is killed and restarted. */
export interface Data {
  dataDir: string;
  env: Record<string, string>;
  leftWork(): Promise<LeftWork>;
  /** Its place, for a person. */
  where: string;
  drop(): Promise<void>;
}

/** Without person reads before a message of another day, and runs that are not overdue. */
const LEFT = `select key, state, last_error from jobs
  where not (state = 'waiting' and kind in ('refresh subscriber', 'overdue'))`;

type LeftRow = { key: string; state: string; last_error: string | null };

export async function createData(engine: Engine): Promise<Data> {
  const dataDir = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-chaos-"));
  const dropFolder = () => rmSync(dataDir, { recursive: true, force: true });
  if (engine === "sqlite") {
    return {
      dataDir,
      env: {},
      async leftWork() {
        const database = (await sqliteDriver()).open(fileIn(dataDir), { readOnly: true });
        try {
          return sorted(database.prepare(LEFT).all([]) as LeftRow[]);
        } finally {
          database.close();
        }
      },
      where: dataDir,
      drop: async () => dropFolder(),
    };
  }

  const database = testDatabase();
  const url = await database.create();
  return {
    dataDir,
    env: { DATABASE_URL: url },
    async leftWork() {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return sorted((await client.query<LeftRow>(LEFT)).rows);
      } finally {
        await client.end();
      }
    },
    where: url,
    async drop() {
      await database.drop();
      dropFolder();
    },
  };
}

function sorted(rows: LeftRow[]): LeftWork {
  const dead = rows.filter(({ state }) => state === "dead");
  return {
    waiting: rows.filter(({ state }) => state !== "dead").map(({ key }) => key),
    dead: dead.map(({ key, last_error }) => ({ key, error: last_error ?? "" })),
  };
}
