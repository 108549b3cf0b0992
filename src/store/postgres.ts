import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from "kysely";
import pg from "pg";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { inTransaction } from "./engine.ts";
import { createKyselyStore } from "./kysely-store.ts";
import { slotsInDatabase } from "./limits.ts";
import { assertMigrated, migrate } from "./migrate.ts";
import { notifications } from "./notifications.ts";
import { connectionTrouble } from "./postgres-trouble.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Connections of this process, besides the one that listens. */
const MOST_CONNECTIONS = 10;
/** A bridge call has 4 s in all. */
const CONNECT_WITHIN_MS = 1_500;
const ANSWER_WITHIN_MS = 2_500;
/** The number of the advisory lock of the sweep: arbitrary, but it must never change. */
const SWEEP = 4_000_001;
/** The first of the two numbers of the advisory lock on a name. */
const NAMED = 4_000_002;

/** A store on PostgreSQL 15 or newer, for any number of processes. `beside` is for commands: nothing is migrated. */
export async function openPostgresStore({
  url,
  now,
  log,
  directUrl = url,
  beside = false,
}: {
  url: string;
  /** The URL of the same database without a pooler, because poolers do not pass notifications on. */
  directUrl?: string | undefined;
  now: () => number;
  log: Log;
  beside?: boolean;
}): Promise<Store> {
  await prepare(url, beside ? assertMigrated : migrate);
  const pool = new pg.Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    // Not statement_timeout, because PgBouncer refuses connections that set it.
    query_timeout: ANSWER_WITHIN_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  // The pool replaces a connection that breaks while idle. Without a listener, the error would end the process.
  pool.on("error", (error) => log.warn({ component: "store", error: describeError(error) }));
  // A connection may also break between two queries of a transaction. Then the second query fails.
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: soundConnections(pool) }) });

  return createKyselyStore({
    db,
    now,
    isAboutAnItem,
    skipLocked: true,
    fromRows: (table, rows, columns) =>
      sql`select ${sql.join(columns.map(sql.ref))} from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)})`,
    // One statement is one round trip; a transaction has one for each statement and two more. PostgreSQL runs the last
    // part first (ExecPostprocessPlan), so the parts are reversed. `insertUnknown` inserts in the same order; another
    // order would allow a deadlock.
    async writeTogether(inserts) {
      const parts = inserts.toReversed().map((insert, index) => sql`${sql.ref(`part_${index}`)} as (${insert})`);
      await sql`with ${sql.join(parts)} select 1`.execute(db);
    },
    // Transactions run on several connections at the same time.
    share: (work) => inTransaction(db, work),
    shareOne: (statement) => statement(db),
    // While one group waits for the disk, the next is sent.
    groupsAtOnce: 2,
    reserveSlots: slotsInDatabase(db),
    takeSweep: async (trx) => {
      const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${SWEEP}) as taken`.execute(trx);
      return rows[0]?.taken === true;
    },
    // In the order of the hashes, because two transactions that lock in different orders would block each other.
    async lock(trx, names) {
      const hashes = sql`select distinct hashtext(name) as hash from unnest(${names}::text[]) as name order by hash`;
      await sql`select pg_advisory_xact_lock(${NAMED}, hash) from (${hashes}) as hashes`.execute(trx);
    },
    ...notifications({ url: directUrl, db, log }),
    backup: refuseBackup,
    close: () => db.destroy(),
  });
}

/**
 * A pool that closes a connection after an error that is not PostgreSQL's answer, such as a time-out. Such a connection
 * may still be in a transaction that never ends, and later writes on the connection would be lost.
 */
function soundConnections(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect();
      let trouble: Error | undefined;
      const query = async (sql: string, parameters: unknown[]) => {
        if (trouble !== undefined) throw trouble;
        try {
          return await client.query(sql, parameters);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError)) trouble = error as Error;
          throw error;
        }
      };
      return {
        // The type also allows a cursor; Kysely passes one only when its dialect has the option `cursor`.
        query: query as unknown as PostgresPoolClient["query"],
        release: () => client.release(trouble),
      };
    },
    end: () => pool.end(),
  };
}

export async function refuseBackup(): Promise<never> {
  throw new Error(
    'the store is on PostgreSQL, which has its own tool: pg_dump --format=custom --file=bridge.dump "$DATABASE_URL"',
  );
}

/** Prepares the tables on a connection without a query time-out, because a migration may be slow. */
async function prepare(url: string, tables: typeof migrate): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  // Without a listener, a connection that breaks while idle would end the process. The next query reports it.
  pool.on("error", () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`select 1`.execute(db).catch((error) => {
      throw connectionTrouble(url, error);
    });
    await tables(db, "postgres");
  } catch (error) {
    throw new Error("the store at DATABASE_URL cannot be opened", { cause: error });
  } finally {
    await db.destroy();
  }
}

/**
 * The error classes for the data, the constraints and the limits of a row.
 * Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
function isAboutAnItem(error: unknown): boolean {
  return /^(?:22|23|54)/.test((error as { code?: string }).code ?? "");
}

/** Milliseconds and counts are bigints in PostgreSQL, and safe integers here. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as "text");
