import type { RunRecord } from "../../contracts/history.ts";
import { describeError } from "../../lib/errors.ts";
import type { ReadStore } from "../../store/store.ts";
import { withStoreToRead } from "../command-store.ts";
import type { WorkflowDifference } from "./compare-workflows.ts";
import type { NovuEnvironment } from "./novu-environment.ts";
import type { Difference } from "./step-effects.ts";

export interface Change extends Difference {
  /** The number of affected people. For a lost message, people who have reached it do not count. Null if unknown. */
  inProgress: number | null;
}

export interface Counted extends Omit<WorkflowDifference, "changes"> {
  inProgress: number | null;
  changes: Change[];
}

/** Messages that people lose by a sync. */
export interface Loss {
  /** The name for `--allow-removals`: a workflow, `workflow/step` or `workflow/payload`. */
  id: string;
  /** The number of people who wait for the messages; null if unknown. */
  waiting: number | null;
}

/** Adds the number of people in progress. `count` is null if the store cannot be read. */
export function countPeople(difference: WorkflowDifference, count: CountWaiting | null): Counted {
  const { workflow, does, changes } = difference;
  const people = (step: string | null) => (does === "add" ? 0 : (count?.(workflow, step) ?? null));
  return {
    ...difference,
    inProgress: people(null),
    changes: changes.map((one) => ({
      ...one,
      inProgress: people(one.loses === "this message" || does === "remove" ? one.step : null),
    })),
  };
}

/**
 * The changes that --allow-removals has to name. A removed workflow is one change, not one per step. A removal has to
 * be named even if nobody is in progress, because Novu also deletes the values that were set in its dashboard.
 */
export function lossesOf({ workflow, does, inProgress, changes }: Counted): Loss[] {
  if (does === "remove") return [{ id: workflow, waiting: inProgress }];
  const messages = changes.filter(
    (one) => one.loses === "this message" && (one.does === "remove" || one.inProgress !== 0),
  );
  const misfits = changes.filter(
    (one) => one.loses === "messages that its payload does not fit" && one.inProgress !== 0,
  );
  return [
    ...messages.map((one) => ({ id: `${workflow}/${one.step}`, waiting: one.inProgress })),
    ...misfits.slice(0, 1).map((one) => ({ id: `${workflow}/payload`, waiting: one.inProgress })),
  ];
}

const PAGE = 500;
const IN_PROGRESS = ["pending", "in progress"] as const;

/** The number of people in progress who have not reached the step; for null, the number of all people in progress. */
export type CountWaiting = (workflow: string, step: string | null) => number;

/**
 * Counts people in our store. `workflows` has the steps in Novu's order. A person has reached a step as soon as this
 * step or a later step has a decision. If the store cannot be read, `count` is null and `whyNot` has the reason.
 */
export async function readWaiting(
  at: NovuEnvironment["store"],
  workflows: Array<{ workflowId: string; steps: Array<{ stepId: string }> }>,
): Promise<{ count: CountWaiting; whyNot: null } | { count: null; whyNot: string }> {
  try {
    return await withStoreToRead(at, async (store) => {
      const waiting = new Map<string, Array<{ distinctId: string; decided: string[] }>>();
      for (const { workflowId } of workflows) waiting.set(workflowId, await runsOf(store, workflowId));
      return { count: counting(workflows, waiting), whyNot: null };
    });
  } catch (error) {
    return { count: null, whyNot: describeError(error) };
  }
}

function counting(
  workflows: Array<{ workflowId: string; steps: Array<{ stepId: string }> }>,
  waiting: Map<string, Array<{ distinctId: string; decided: string[] }>>,
): CountWaiting {
  return (workflow, step) => {
    const order = workflows.find(({ workflowId }) => workflowId === workflow)?.steps.map(({ stepId }) => stepId) ?? [];
    const from = step === null ? order.length : order.indexOf(step);
    const people = (waiting.get(workflow) ?? [])
      .filter(({ decided }) => !decided.some((one) => order.indexOf(one) >= from))
      .map(({ distinctId }) => distinctId);
    return new Set(people).size;
  };
}

async function runsOf(store: ReadStore, workflow: string): Promise<Array<{ distinctId: string; decided: string[] }>> {
  const found: Array<{ distinctId: string; decided: string[] }> = [];
  for (const status of IN_PROGRESS) {
    let before: RunRecord | undefined;
    for (;;) {
      const runs = await store.runs.list({ limit: PAGE, workflow, status, before });
      const decisions = await store.decisions.listOfRuns(runs.map(({ transactionId }) => transactionId));
      const decided = new Map<string, string[]>();
      for (const { transactionId, step } of decisions)
        decided.set(transactionId, [...(decided.get(transactionId) ?? []), step]);
      for (const { distinctId, transactionId } of runs)
        found.push({ distinctId, decided: decided.get(transactionId) ?? [] });
      before = runs.at(-1);
      if (runs.length < PAGE) break;
    }
  }
  return found;
}
