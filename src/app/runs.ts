import { type Decision, isFinal } from "../contracts/decision.ts";
import { type SendingStep, sendingStepsOf } from "../contracts/workflow.ts";
import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";
import type { Discovered } from "../novu/framework.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";

type RecordOptions = Omit<NonNullable<Parameters<Store["decisions"]["record"]>[1]>, "endsRun">;

const RECENT_MS = 7 * DAY_MS;
/** The most time that Novu itself takes between a trigger and the first message. */
const MARGIN_MS = 5 * MINUTE_MS;

export type Runs = ReturnType<typeof createRuns>;

/** The steps of runs, and their decisions. A run keeps the steps that its workflow had at the trigger. */
export function createRuns({ store, metrics, now, log }: Context, workflows: Discovered[]) {
  const codeOf = (workflow: string) => workflows.find(({ id }) => id === workflow);
  const sendingSteps = (workflow: string): SendingStep[] => codeOf(workflow)?.sendingSteps ?? [];
  /** The id of the shape that a workflow has in the present code; undefined when the code has no such workflow. */
  const shapeIdOf = (workflow: string) => codeOf(workflow)?.shapeId;
  return {
    sendingSteps,
    /** The notes of a workflow that an exit withdraws while they are unread, in the present code. */
    withdrawnNotes: (workflow: string): string[] => codeOf(workflow)?.withdrawnNotes ?? [],
    shapeIdOf,
    async stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]> {
      const shape = await store.runs.findShapeOf(transactionId);
      return shape === null ? sendingSteps(workflow) : sendingStepsOf(shape);
    },
    /** Saves that Novu has accepted the trigger, with the steps of the present code. */
    markStarted: (transactionId: string, workflow: string) =>
      store.runs.markStarted(transactionId, shapeIdOf(workflow)),
    decide,
    correct,
    /** The workflows that sent nothing lately; for a metric and the studio. */
    silent: () => silentWorkflows({ workflows, countSince: store.runs.countByWorkflow, now: now() }),
  };

  /** Saves a decision with its next job, and returns the decision that is valid now. Rules: src/store/decisions.ts. */
  async function decide(
    wanted: Decision,
    {
      isLast = sendingSteps(wanted.workflow).at(-1)?.step === wanted.step,
      ...options
    }: RecordOptions & { isLast?: boolean } = {},
  ): Promise<Decision> {
    // A failed last message does not end the run, because Novu may retry it. Otherwise the overdue job ends the run.
    const endsRun = isLast && isFinal(wanted);
    const { decision, isNew } = await store.decisions.record(wanted, { ...options, endsRun });
    if (!isNew) return decision;
    const { workflow, step, transactionId, outcome, reason, detail, personSource } = decision;
    log.info({ component: "engine", workflow, step, transactionId, outcome, reason, detail, personSource });
    metrics.decided(decision);
    return decision;
  }

  /** Replaces the decision `before` by Novu's result; returns false when `before` is no longer valid. */
  async function correct(decision: Decision, before: Decision): Promise<boolean> {
    const { isNew } = await store.decisions.record(decision, { insteadOf: before });
    if (!isNew) return false;
    const { workflow, step, transactionId, outcome, reason, detail, receipt } = decision;
    log.info({ component: "outbox", workflow, step, transactionId, receipt, outcome, reason, detail });
    metrics.receipt(decision);
    return true;
  }
}

/**
 * The workflows that sent nothing in the last 7 days, although people entered them long enough ago for the first
 * message. All times in milliseconds.
 */
export async function silentWorkflows({
  workflows,
  countSince,
  now,
}: {
  workflows: Array<{ id: string; firstMessageMs: number }>;
  countSince(since: number): Promise<Array<{ workflow: string; entered: number; sent: number }>>;
  now: number;
}): Promise<string[]> {
  const recent = await countSince(now - RECENT_MS);
  const silent: string[] = [];
  for (const { workflow, entered, sent } of recent) {
    if (entered === 0 || sent > 0) continue;
    const { firstMessageMs = 0 } = workflows.find(({ id }) => id === workflow) ?? {};
    const lately = await countSince(now - firstMessageMs - MARGIN_MS);
    if (entered > (lately.find((one) => one.workflow === workflow)?.entered ?? 0)) silent.push(workflow);
  }
  return silent;
}
