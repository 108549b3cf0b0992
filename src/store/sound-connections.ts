import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/**
 * Lends out connections, and takes back only those whose state is known. After an error that is not
 * PostgreSQL's own answer, a time-out say, a connection may be in the middle of a transaction that
 * nobody will end: what others write there would be lost with it. So it does nothing more, and is closed.
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
        // Kysely asks for a cursor only when it was given a kind of cursor.
        query: query as unknown as PostgresPoolClient["query"],
        release: () => client.release(trouble),
      };
    },
    end: () => pool.end(),
  };
}
