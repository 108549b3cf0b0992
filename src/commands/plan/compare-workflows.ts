import type { Manifest } from "./manifest.ts";
import type { NovuWorkflow } from "./novu-workflows.ts";
import { differenceOf, propertiesOf } from "./schemas.ts";

/** One thing that a sync does to a workflow. */
export interface Change {
  does: "add" | "change" | "remove";
  /** Of a step; null of the workflow as a whole. */
  step: string | null;
  /** What is added, changed or removed, in words. */
  what: string;
}

export interface WorkflowChange {
  workflow: string;
  does: "add" | "change" | "remove";
  changes: Change[];
}

/** A value that somebody has set in Novu's dashboard. */
export interface EditedControl {
  workflow: string;
  step: string;
  control: string;
  /** As JSON. */
  value: string;
  default: string;
  /** Whether the code has no such control any more, so that the value holds for nothing. */
  isLost: boolean;
}

/** What a sync would make of what Novu has, by workflow; those that stay as they are are left out. */
export function changesOf(manifest: Manifest, novu: NovuWorkflow[]): WorkflowChange[] {
  const added = manifest
    .filter(({ workflowId }) => !novu.some((one) => one.workflowId === workflowId))
    .map(({ workflowId, steps }): WorkflowChange => {
      const changes = steps.map(({ stepId, type }): Change => ({ does: "add", step: stepId, what: type }));
      return { workflow: workflowId, does: "add", changes };
    });
  const removed = novu
    .filter(({ workflowId }) => !manifest.some((one) => one.workflowId === workflowId))
    .map(({ workflowId, steps }): WorkflowChange => {
      const changes = steps.map(({ stepId, type }): Change => ({ does: "remove", step: stepId, what: type }));
      return { workflow: workflowId, does: "remove", changes };
    });
  const changed = manifest.flatMap((wanted): WorkflowChange[] => {
    const there = novu.find(({ workflowId }) => workflowId === wanted.workflowId);
    const changes = there === undefined ? [] : changesWithin(wanted, there);
    return changes.length === 0 ? [] : [{ workflow: wanted.workflowId, does: "change", changes }];
  });
  return [...added, ...changed, ...removed];
}

/** What colleagues have set otherwise than the code's defaults. */
export function editedControls(manifest: Manifest, novu: NovuWorkflow[]): EditedControl[] {
  return novu.flatMap(({ workflowId: workflow, steps }) =>
    steps.flatMap(({ stepId: step, controlSchema, values }) => {
      const wanted = manifest
        .find(({ workflowId }) => workflowId === workflow)
        ?.steps.find(({ stepId }) => stepId === step);
      const controls = propertiesOf(wanted?.controls.schema ?? {});
      const defaults = wanted === undefined ? propertiesOf(controlSchema ?? {}) : controls;
      return Object.entries(values)
        .map(([control, value]) => ({
          workflow,
          step,
          control,
          value: textOf(value),
          default: textOf(defaults[control]?.default),
          isLost: controls[control] === undefined,
        }))
        .filter(({ value, default: usual, isLost }) => isLost || value !== usual);
    }),
  );
}

function changesWithin(wanted: Manifest[number], there: NovuWorkflow): Change[] {
  const stepsThere = new Map(there.steps.map((step) => [step.stepId, step]));
  const stepsWanted = new Set(wanted.steps.map(({ stepId }) => stepId));
  const changes: Change[] = [];
  const change = (step: string | null, what: string) => changes.push({ does: "change", step, what });

  for (const [what, own, theirs] of [
    ["name", wanted.name, there.name],
    ["description", wanted.description, there.description],
    ["tags", wanted.tags?.join(", "), there.tags?.join(", ")],
  ] as const)
    if (own !== undefined && theirs != null && own !== theirs) change(null, `${what}: "${theirs}" → "${own}"`);
  // Where Novu does not say what it has, there is nothing to compare.
  if (there.payloadSchema != null)
    for (const what of differenceOf(there.payloadSchema, wanted.payload.schema)) change(null, `payload: ${what}`);

  for (const { stepId, type, controls } of wanted.steps) {
    const step = stepsThere.get(stepId);
    if (step === undefined) changes.push({ does: "add", step: stepId, what: type });
    else if (step.type !== type) change(stepId, `${step.type} → ${type}`);
    if (step?.controlSchema != null)
      for (const what of differenceOf(step.controlSchema, controls.schema)) change(stepId, `control ${what}`);
  }
  for (const { stepId, type } of there.steps)
    if (!stepsWanted.has(stepId)) changes.push({ does: "remove", step: stepId, what: type });

  const before = there.steps.map(({ stepId }) => stepId).filter((id) => stepsWanted.has(id));
  const after = wanted.steps.map(({ stepId }) => stepId).filter((id) => stepsThere.has(id));
  if (before.join() !== after.join()) change(null, `order of the steps: ${before.join(", ")} → ${after.join(", ")}`);
  return changes;
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}
