import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createKyselyStore } from "./kysely-store.ts";
import { migrate } from "./migrations.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Connections of this process, besides the one that listens. */
const MOST_CONNECTIONS = 10;
/** A bridge call has 4 s in all. */
const CONNECT_WITHIN_MS = 1_500;
const ANSWER_WITHIN_MS = 2_500;
/** For work that became due without a word: a retry of another process, a lease that ran out. */
const POLL_MS = 2_000;
const CHANNEL = "posthog_novu_bridge_work";

/** PostgreSQL 15 or newer, for any number of processes. */
export async function openPostgresStore({
  url,
  now,
  log,
}: {
  url: string;
  now: () => number;
  log: Log;
}): Promise<Store> {
  await prepare(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    types: { getTypeParser },
  });
  // A connection that breaks while idle is replaced; without a listener it would end the process.
  pool.on("error", (error) => log.warn({ stop: "store", error: describeError(error) }));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

  return createKyselyStore({
    db,
    now,
    isAboutAnItem,
    skipLocked: true,
    announce: async (trx) => {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(trx);
    },
    watch: (wake) => watch({ url, wake, log }),
    close: () => db.destroy(),
  });
}

/** Migrations may take their time. */
async function prepare(url: string): Promise<void> {
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_WITHIN_MS }),
    }),
  });
  try {
    await migrate(db, "postgres");
  } catch (error) {
    throw new Error("the store at DATABASE_URL cannot be opened", { cause: error });
  } finally {
    await db.destroy();
  }
}

/** Calls `wake` when another process may have left work, by its word or at the latest by the poll. */
function watch({ url, wake, log }: { url: string; wake: () => void; log: Log }): () => Promise<void> {
  let client: pg.Client | null = null;
  let stopped = false;
  const timer = setInterval(() => {
    wake();
    if (client === null) void listen();
  }, POLL_MS);
  const listening = listen();

  return async () => {
    stopped = true;
    clearInterval(timer);
    await listening;
    await client?.end();
  };

  async function listen(): Promise<void> {
    const attempt = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
    client = attempt;
    const lost = () => {
      if (client === attempt) client = null;
    };
    attempt.on("notification", wake);
    attempt.on("error", lost);
    attempt.on("end", lost);
    try {
      await attempt.connect();
      await attempt.query(`listen ${CHANNEL}`);
      if (stopped) await attempt.end();
    } catch (error) {
      lost();
      await attempt.end().catch(() => {});
      log.warn({ stop: "store", outcome: "not listening, polling only", error: describeError(error) });
    }
  }
}

/** Classes 22 and 23 of https://www.postgresql.org/docs/15/errcodes-appendix.html: data and constraints. */
function isAboutAnItem(error: unknown): boolean {
  return /^2[23]/.test((error as { code?: string }).code ?? "");
}

/** Milliseconds since 1970 and counts are bigints there, and safe integers here. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as "text");
