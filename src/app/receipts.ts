import type { Decision } from "../contracts/decision.ts";
import { overdueKey, receiptKey } from "../contracts/job.ts";
import type { NovuActivity } from "../contracts/novu-activity.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Log } from "../lib/log.ts";
import { createAskNovu } from "../outbox/ask-novu.ts";
import { createOverdue } from "../outbox/overdue.ts";
import { createReceipts } from "../outbox/receipts.ts";
import type { Store } from "../store/store.ts";

/** The questions to Novu after the fact: about each message, and about runs of which nothing was heard. */
export function createAftermath({
  store,
  activity,
  pace,
  feedMs,
  settle,
  record,
  stepsOfRun,
  onLost,
  now,
  log,
}: {
  store: Store;
  activity: NovuActivity;
  pace(): Promise<void>;
  /** How long Novu's plan tells of a run after its trigger. */
  feedMs: number;
  settle(decision: Decision, asked: Decision): Promise<unknown>;
  /** Notes a decision where none was made. */
  record(decision: Decision): Promise<unknown>;
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  onLost(workflow: string): void;
  now: () => number;
  log: Log;
}) {
  const ask = createAskNovu({ activity, pace });
  return {
    receipts: createReceipts({
      ask,
      async settle(decision, asked) {
        await settle(decision, asked);
      },
      async isStanding({ transactionId, step, outcome, receipt }) {
        const decisions = await store.decisions.listOfRuns([transactionId]);
        const holds = decisions.find((one) => one.step === step);
        return holds?.outcome === outcome && holds.receipt === receipt;
      },
      askAgainAt: (decision, at) =>
        store.jobs.schedule(receiptKey(decision), { kind: "receipt", body: decision }, at, { replace: true }),
      now,
    }),
    overdue: createOverdue({
      ask,
      openRun: store.runs.findOpen,
      closeRun: store.runs.close,
      runsBeside: store.runs.listBeside,
      decisionsOf: store.decisions.listOfRuns,
      record,
      lookAgainAt: (overdue, at) =>
        store.jobs.schedule(overdueKey(overdue.transactionId), { kind: "overdue", body: overdue }, at, {
          replace: true,
        }),
      stepsOfRun,
      feedMs,
      onLost,
      now,
      log,
    }),
  };
}
