import type { Sleep } from "../../lib/sleep.ts";
import { beyondPlan } from "../../novu/plan-limits.ts";
import {
  type Change,
  changesOf,
  type EditedControl,
  editedControls,
  type WorkflowChange,
} from "./compare-workflows.ts";
import { emptySchemas, type Manifest } from "./manifest.ts";
import type { NovuEnvironment } from "./novu-environment.ts";
import { type NovuHas, readNovuWorkflows } from "./novu-workflows.ts";
import { readWaiting } from "./waiting.ts";

/** Something that a sync would delete at Novu. */
export interface Removal {
  /** As `--allow-removals` names it: a workflow, or `workflow/step`. */
  id: string;
  /** People for whom it is still to come; null when that is not known. */
  waiting: number | null;
}

export interface Plan {
  /** What is to be published. */
  manifest: Array<{ workflow: string; name: string; steps: Array<{ step: string; type: string }> }>;
  /** Whether it was compared with what Novu has. */
  isCompared: boolean;
  changes: WorkflowChange[];
  removals: Removal[];
  edited: EditedControl[];
  /** What the plan of Novu does not take. */
  limits: string[];
  /** What is to be known besides. */
  notes: string[];
}

/** Compares with what the Novu environment has; without a key only says what is to be published. */
export async function makePlan(manifest: Manifest, environment: NovuEnvironment, sleep: Sleep): Promise<Plan> {
  const { secretKey, apiUrl } = environment;
  if (secretKey === undefined)
    return planOf(manifest, environment, { notes: ["no comparison: NOVU_SECRET_KEY is not set"] });
  return planOf(manifest, environment, { novu: await readNovuWorkflows({ apiUrl, secretKey }, sleep), notes: [] });
}

async function planOf(
  manifest: Manifest,
  { plan, store }: NovuEnvironment,
  { novu, notes }: { novu?: NovuHas; notes: string[] },
): Promise<Plan> {
  const changes = novu === undefined ? [] : changesOf(manifest, novu.workflows);
  const removed = changes.flatMap(removalsOf);
  const concerned = (novu?.workflows ?? []).filter(({ workflowId }) =>
    removed.some(({ workflow }) => workflow === workflowId),
  );
  const waiting = concerned.length === 0 ? null : await readWaiting(store, concerned);
  if (waiting?.whyNot != null) notes.push(`how many people wait is not known here: ${waiting.whyNot}`);
  const sizes = manifest.map(({ workflowId, steps }) => ({ id: workflowId, steps: steps.length }));

  return {
    manifest: manifest.map(({ workflowId, name, steps }) => ({
      workflow: workflowId,
      name: name ?? workflowId,
      steps: steps.map(({ stepId, type }) => ({ step: stepId, type })),
    })),
    isCompared: novu !== undefined,
    changes,
    removals: removed.map(({ workflow, step }) => ({
      id: step === null ? workflow : `${workflow}/${step}`,
      waiting: waiting?.count?.(workflow, step) ?? null,
    })),
    edited: novu === undefined ? [] : editedControls(manifest, novu.workflows),
    limits: beyondPlan(sizes, plan, { others: novu?.others ?? 0 }),
    notes: [...notes, ...emptySchemas(manifest).map((what) => `published empty: ${what}`)],
  };
}

/** A whole workflow is one removal, not one for each of its steps. */
function removalsOf({ workflow, does, changes }: WorkflowChange): Array<{ workflow: string; step: string | null }> {
  if (does === "remove") return [{ workflow, step: null }];
  return changes.filter((change: Change) => change.does === "remove").map(({ step }) => ({ workflow, step }));
}
