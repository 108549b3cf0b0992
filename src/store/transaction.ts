import type { Kysely, Transaction } from "kysely";

/**
 * One transaction, which fails with what went wrong in it. Kysely's own fails with what went wrong
 * with the rollback: after a full disk or a lost connection there is nothing to roll back, and that
 * hides the cause.
 */
export async function inTransaction<Tables, Result>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const trx = await db.startTransaction().execute();
  try {
    const result = await work(trx);
    await trx.commit().execute();
    return result;
  } catch (error) {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
    throw error;
  }
}
