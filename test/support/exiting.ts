import type { Exit } from "../../src/contracts/routing.ts";
import type { Store } from "../../src/store/store.ts";

/** The ids of the runs that an exit ends. */
export async function exiting({ runs }: Pick<Store, "runs">, exit: Exit): Promise<string[]> {
  return (await runs.markExiting(exit)).map(({ transactionId }) => transactionId);
}
