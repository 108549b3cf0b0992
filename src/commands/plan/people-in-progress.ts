import type { WorkflowDifference } from "./compare-workflows.ts";
import type { Difference } from "./difference.ts";
import type { CountWaiting } from "./waiting.ts";

export interface Change extends Difference {
  /** Affected people in progress; for a lost message, those who have not reached it yet. Null if unknown. */
  inProgress: number | null;
}

export interface Counted extends Omit<WorkflowDifference, "changes"> {
  inProgress: number | null;
  changes: Change[];
}

/** Messages that people lose by a sync. */
export interface Loss {
  /** As `--allow-removals` names it: a workflow, `workflow/step` or `workflow/payload`. */
  id: string;
  /** People who wait for them; null if unknown. */
  waiting: number | null;
}

/** `count` is null without a store. */
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
 * The changes that --allow-removals has to name. A removed workflow is one change, not one per step. A removal
 * counts even without people in progress, because Novu also deletes the values from its dashboard.
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
