import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { fileIn } from "../../src/store/data-folder.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import { testDatabase } from "../support/postgres.ts";

export type Engine = "sqlite" | "postgres";

/** What the app has left to do, read past it. */
export interface LeftWork {
  /** The keys of the jobs. */
  waiting: string[];
  dead: Array<{ key: string; error: string }>;
}

/** The data that an app is killed and started again on. */
export interface Data {
  dataDir: string;
  env: Record<string, string>;
  leftWork(): Promise<LeftWork>;
  /** For the person who looks into it. */
  where: string;
  drop(): Promise<void>;
}

/** Without the persons who are to be read before a message of another day, and the runs that are not overdue yet. */
const LEFT = `select key, state, last_error from jobs
  where not (state = 'waiting' and (key like 'refresh:%' or key like 'overdue:%'))`;

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
