import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/**
 * A pool that reuses only connections whose state is known. After an error that is not PostgreSQL's answer, such as
 * a time-out, a connection may still be in a transaction that never ends; later writes on it would be lost. So it is
 * closed.
 */
export function soundConnections(pool: pg.Pool): PostgresPool {
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
        // Kysely uses a cursor only when it was given a kind of cursor.
        query: query as unknown as PostgresPoolClient["query"],
        release: () => client.release(trouble),
      };
    },
    end: () => pool.end(),
  };
}
