import type { Kysely, Transaction } from "kysely";

/**
 * One transaction that fails with its own error. Kysely's fails with the error of the rollback, which after a full
 * disk or a lost connection hides the cause.
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
