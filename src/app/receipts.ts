import type { Decision } from "../contracts/decision.ts";
import type { NovuActivity } from "../contracts/novu.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Log } from "../lib/log.ts";
import { createOverdue } from "../outbox/jobs/overdue.ts";
import { createReceipt } from "../outbox/jobs/receipt.ts";
import { createNovuRuns } from "../outbox/novu-runs.ts";
import type { Store } from "../store/store.ts";

/** The two jobs that read results at Novu: of each message, and of each run whose next bridge call is overdue. */
export function createReceipts({
  store,
  activity,
  pace,
  settle,
  record,
  now,
  ...parts
}: {
  store: Store;
  activity: NovuActivity;
  pace(): Promise<void>;
  /** How long Novu's plan lists a run after its trigger. */
  feedMs: number;
  settle(decision: Decision, asked: Decision): Promise<unknown>;
  /** Saves a decision where there is none. */
  record(decision: Decision): Promise<unknown>;
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  onLost(workflow: string): void;
  now: () => number;
  log: Log;
}) {
  const novuRuns = createNovuRuns({ activity, pace });
  return {
    receipt: createReceipt({
      novuRuns,
      async settle(decision, asked) {
        await settle(decision, asked);
      },
      async isStanding({ transactionId, step, outcome, receipt }) {
        const decisions = await store.decisions.listOfRuns([transactionId]);
        const holds = decisions.find((one) => one.step === step);
        return holds?.outcome === outcome && holds.receipt === receipt;
      },
      askAgainAt: (decision, at) => store.jobs.schedule({ kind: "receipt", body: decision }, at, { replace: true }),
      now,
    }),
    overdue: createOverdue({
      ...parts,
      novuRuns,
      runs: store.runs,
      decisionsOf: store.decisions.listOfRuns,
      record,
      checkAgainAt: (overdue, at) =>
        store.jobs.schedule({ kind: "overdue", body: overdue }, at, {
          replace: true,
        }),
      now,
    }),
  };
}
