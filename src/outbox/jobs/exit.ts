import type { Exit } from "../../contracts/routing.ts";
import { isTriggeredHere } from "../../contracts/run.ts";
import type { RestOfRun } from "../rest-of-run.ts";

export interface ExitRuns {
  /** The runs that this exit ends, also after an earlier attempt. */
  markExiting(exit: Exit): Promise<string[]>;
  markExited(transactionId: string): Promise<void>;
}

/** Ends the runs of a person in a workflow. */
export function createExit({ runs, restOfRun }: { runs: ExitRuns; restOfRun: RestOfRun }) {
  return async (exit: Exit): Promise<void> => {
    const { workflow, distinctId, eventName } = exit;
    for (const transactionId of await runs.markExiting(exit)) {
      const run = { transactionId, workflow, distinctId };
      // Novu cancels a transaction for all its subscribers, and a trigger by another system may have several.
      if (isTriggeredHere(run) && (await restOfRun.openSteps(run)).length > 0) await restOfRun.cancel(run);
      await restOfRun.skip(run, { reason: "exited", detail: eventName });
      await runs.markExited(transactionId);
    }
  };
}
