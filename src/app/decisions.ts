import { type Decision, isFinal } from "../contracts/decision.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";

type RecordOptions = Omit<NonNullable<Parameters<Store["decisions"]["record"]>[1]>, "endsRun">;

/** Saves decisions, and counts and logs the new ones. */
export function createDecisions(
  { store, metrics, log }: Pick<Context, "store" | "metrics" | "log">,
  { sendingSteps }: { sendingSteps(workflow: string): SendingStep[] },
) {
  return { record, correct };

  /** Saves a decision with its report to PostHog. Returns the decision that counts: an earlier final one stays. */
  async function record(
    wanted: Decision,
    {
      isLast = sendingSteps(wanted.workflow).at(-1)?.step === wanted.step,
      ...options
    }: RecordOptions & { isLast?: boolean } = {},
  ): Promise<Decision> {
    // Novu may retry a message that failed. If it does not, the run ends by its overdue job.
    const endsRun = isLast && isFinal(wanted);
    const { decision, isNew } = await store.decisions.record(wanted, { ...options, endsRun });
    if (!isNew) return decision;
    const { workflow, step, transactionId, outcome, reason, detail, personSource } = decision;
    log.info({ component: "engine", workflow, step, transactionId, outcome, reason, detail, personSource });
    metrics.decided(decision);
    return decision;
  }

  /** Replaces a decision by Novu's result; returns false when another decision has replaced it before. */
  async function correct(decision: Decision, before: Decision): Promise<boolean> {
    const { isNew } = await store.decisions.record(decision, { insteadOf: before });
    if (!isNew) return false;
    const { workflow, step, transactionId, outcome, reason, detail, receipt } = decision;
    log.info({ component: "outbox", workflow, step, transactionId, receipt, outcome, reason, detail });
    metrics.receipt(decision);
    return true;
  }
}

export type Decisions = ReturnType<typeof createDecisions>;
