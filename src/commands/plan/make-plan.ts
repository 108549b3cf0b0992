import type { Sleep } from "../../lib/sleep.ts";
import { beyondPlan } from "../../novu/plan-limits.ts";
import { type BrokenControl, brokenControls } from "./broken-controls.ts";
import { changesOf, type EditedControl, editedControls, type WorkflowDifference } from "./compare-workflows.ts";
import { emptySchemas, type Manifest } from "./manifest.ts";
import type { NovuEnvironment } from "./novu-environment.ts";
import { type NovuHas, readNovuWorkflows } from "./novu-workflows.ts";
import { type Counted, countPeople, type Loss, lossesOf } from "./people-in-progress.ts";
import { readWaiting } from "./waiting.ts";

export interface Plan {
  /** What is to be published. */
  manifest: Array<{ workflow: string; name: string; steps: Array<{ step: string; type: string }> }>;
  /** Whether it was compared with what Novu has. */
  isCompared: boolean;
  changes: Counted[];
  /** Changes that need `--allow-removals`: people would lose messages by them. */
  removals: Loss[];
  edited: EditedControl[];
  /** Of what is set in the dashboard, the values with which Novu fails a message. */
  broken: BrokenControl[];
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
  const differences = novu === undefined ? [] : changesOf(manifest, novu.workflows);
  const waiting = await waitingIn(differences, novu, store);
  if (waiting?.whyNot != null) notes.push(`how many people are in progress is not known here: ${waiting.whyNot}`);
  const changes = differences.map((one) => countPeople(one, waiting?.count ?? null));
  const sizes = manifest.map(({ workflowId, steps }) => ({ id: workflowId, steps: steps.length }));

  return {
    manifest: manifest.map(({ workflowId, name, steps }) => ({
      workflow: workflowId,
      name: name ?? workflowId,
      steps: steps.map(({ stepId, type }) => ({ step: stepId, type })),
    })),
    isCompared: novu !== undefined,
    changes,
    removals: changes.flatMap(lossesOf),
    edited: novu === undefined ? [] : editedControls(manifest, novu.workflows),
    broken: novu === undefined ? [] : await brokenControls(manifest, novu.workflows),
    limits: beyondPlan(sizes, plan, { others: novu?.others ?? 0 }),
    notes: [...notes, ...emptySchemas(manifest).map((what) => `published empty: ${what}`)],
  };
}

/** Null where nobody can be in progress in what is changed. */
function waitingIn(differences: WorkflowDifference[], novu: NovuHas | undefined, store: NovuEnvironment["store"]) {
  const concerned = (novu?.workflows ?? []).filter(({ workflowId }) =>
    differences.some(({ workflow }) => workflow === workflowId),
  );
  return concerned.length === 0 ? null : readWaiting(store, concerned);
}
