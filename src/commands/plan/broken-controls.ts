import { unusableControls } from "../../novu/controls.ts";
import type { Manifest } from "./manifest.ts";
import type { NovuWorkflow } from "./novu-workflows.ts";

/** A value from Novu's dashboard with which the framework refuses the step. */
export interface BrokenControl {
  workflow: string;
  step: string;
  control: string;
  /** As JSON. */
  value: string;
}

/** Checks against the schemas of the code, which Novu has after the next sync. */
export async function brokenControls(manifest: Manifest, novu: NovuWorkflow[]): Promise<BrokenControl[]> {
  const broken: BrokenControl[] = [];
  for (const { workflowId: workflow, steps } of manifest)
    for (const { stepId: step, type, controls } of steps) {
      const there = novu.find(({ workflowId }) => workflowId === workflow)?.steps.find(({ stepId }) => stepId === step);
      const { values = {} } = there ?? {};
      for (const control of await unusableControls(controls.schema, values, type))
        broken.push({ workflow, step, control, value: JSON.stringify(values[control]) });
    }
  return broken;
}
