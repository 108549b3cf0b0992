import { beyondPlan } from "../../contracts/novu.ts";
import type { Sleep } from "../../lib/clock.ts";
import {
  brokenControls,
  type ControlValue,
  changesOf,
  type EditedControl,
  editedControls,
  type WorkflowDifference,
} from "./compare-workflows.ts";
import { emptySchemas, type Manifest } from "./manifest.ts";
import type { NovuEnvironment } from "./novu-environment.ts";
import { type NovuHas, readNovuWorkflows } from "./novu-workflows.ts";
import { type Counted, countPeople, type Loss, lossesOf, readWaiting } from "./people-in-progress.ts";

export interface Plan {
  manifest: Array<{ workflow: string; name: string; steps: Array<{ step: string; type: string }> }>;
  /** False if NOVU_SECRET_KEY is not set. */
  isCompared: boolean;
  changes: Counted[];
  /** Changes that need `--allow-removals`, because people may lose messages. */
  removals: Loss[];
  edited: EditedControl[];
  /** Values from Novu's dashboard that make a message fail. */
  broken: ControlValue[];
  /** Violations of the limits of Novu's plan. */
  limits: string[];
  notes: string[];
}

/** Compares the manifest with the Novu environment; without a key it only lists the manifest. */
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
  if (waiting?.whyNot != null) notes.push(`the number of people in progress is unknown: ${waiting.whyNot}`);
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
    notes: [...notes, ...emptySchemas(manifest).map((what) => `published with an empty schema: ${what}`)],
  };
}

/** The people in progress in the changed workflows; null if Novu has none of these workflows. */
function waitingIn(differences: WorkflowDifference[], novu: NovuHas | undefined, store: NovuEnvironment["store"]) {
  const concerned = (novu?.workflows ?? []).filter(({ workflowId }) =>
    differences.some(({ workflow }) => workflow === workflowId),
  );
  return concerned.length === 0 ? null : readWaiting(store, concerned);
}
