import { Channel } from "../../contracts/channel.ts";
import { unusableControls } from "../../novu/controls.ts";
import { isMessage, type Manifest, type Preferences, type Schema } from "./manifest.ts";
import type { NovuWorkflow } from "./novu-workflows.ts";
import { differencesOf, propertiesOf, type SchemaDifference } from "./schemas.ts";
import { addedStep, changedType, type Difference, removedStep } from "./step-effects.ts";

export interface WorkflowDifference {
  workflow: string;
  does: "add" | "change" | "remove";
  effect: string;
  changes: Difference[];
}

/** A value that was set in Novu's dashboard. */
export interface ControlValue {
  workflow: string;
  step: string;
  control: string;
  /** As JSON. */
  value: string;
}

export interface EditedControl extends ControlValue {
  default: string;
  /** Whether the code no longer has this control, so that the value has no effect. */
  isLost: boolean;
}

/** The changes of a sync, per workflow; workflows without changes are left out. */
export function changesOf(manifest: Manifest, novu: NovuWorkflow[]): WorkflowDifference[] {
  const added = manifest
    .filter(({ workflowId }) => !novu.some((one) => one.workflowId === workflowId))
    .map(({ workflowId, steps }): WorkflowDifference => {
      const effect = "no one is in it yet";
      const changes = steps.map(
        ({ stepId, type }) => ({ does: "add", step: stepId, what: type, effect, loses: null }) as const,
      );
      return { workflow: workflowId, does: "add", effect, changes };
    });
  const removed = novu
    .filter(({ workflowId }) => !manifest.some((one) => one.workflowId === workflowId))
    .map(({ workflowId, steps }): WorkflowDifference => {
      const changes = steps.map(({ stepId, type }): Difference => {
        const isLost = isMessage(type);
        const effect = isLost ? "they lose this message" : "their runs end here";
        return { does: "remove", step: stepId, what: type, effect, loses: isLost ? "this message" : null };
      });
      const effect = "their runs end after the current wait, and they lose all further messages";
      return { workflow: workflowId, does: "remove", effect, changes };
    });
  const changed = manifest.flatMap((wanted): WorkflowDifference[] => {
    const there = novu.find(({ workflowId }) => workflowId === wanted.workflowId);
    const changes = there === undefined ? [] : changesWithin(wanted, there);
    if (changes.length === 0) return [];
    const effect = "they keep the steps that they started with";
    return [{ workflow: wanted.workflowId, does: "change", effect, changes }];
  });
  return [...added, ...changed, ...removed];
}

/** Values from Novu's dashboard that differ from the defaults in the code. */
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

function changesWithin(wanted: Manifest[number], there: NovuWorkflow): Difference[] {
  return [
    ...workflowChanges(wanted, there),
    ...payloadChanges(wanted, there),
    ...stepChanges(wanted, there),
    ...moves(wanted, there),
  ];
}

function workflowChanges(wanted: Manifest[number], there: NovuWorkflow): Difference[] {
  const texts = (
    [
      ["name", wanted.name, there.name],
      ["description", wanted.description, there.description],
      ["tags", wanted.tags?.join(", "), there.tags?.join(", ")],
      ["severity", wanted.severity, there.severity],
    ] as const
  ).flatMap(([what, own, theirs]) =>
    own !== undefined && theirs != null && own !== theirs ? [`${what}: "${theirs}" → "${own}"`] : [],
  );
  // Novu's answer may lack preferences.
  const preferences =
    there.preferences == null ? [] : preferenceDifferences(there.preferences, wanted.preferences ?? {});
  return [...texts, ...preferences].map((what) => change(null, what));
}

function payloadChanges(wanted: Manifest[number], { payloadSchema }: NovuWorkflow): Difference[] {
  if (payloadSchema == null) return [];
  return differencesOf(payloadSchema, wanted.payload.schema).map(({ what, before }) => ({
    ...change(null, `payload: ${what}`, PAYLOAD_EFFECTS[before]),
    loses: before === "may not fit" ? "messages that its payload does not fit" : null,
  }));
}

function stepChanges(wanted: Manifest[number], there: NovuWorkflow): Difference[] {
  const staying = wanted.steps.flatMap((step) => {
    const before = there.steps.find(({ stepId }) => stepId === step.stepId);
    if (before === undefined) return [addedStep(step, there.steps)];
    return [...(before.type === step.type ? [] : [changedType(before, step)]), ...schemaChanges(step, before)];
  });
  const gone = there.steps.filter(({ stepId }) => !wanted.steps.some((step) => step.stepId === stepId));
  return [...staying, ...gone.map((step) => removedStep(step, there.steps, wanted.steps))];
}

function schemaChanges(
  { stepId, controls, outputs }: Manifest[number]["steps"][number],
  { controlSchema, resultSchema }: NovuWorkflow["steps"][number],
): Difference[] {
  const of = (before: Schema | null | undefined, after: Schema | undefined, word: string) =>
    before == null || after === undefined
      ? []
      : differencesOf(before, after).map(({ what }) => change(stepId, `${word} ${what}`));
  return [...of(controlSchema, controls.schema, "control"), ...of(resultSchema, outputs?.schema, "result")];
}

function moves(wanted: Manifest[number], there: NovuWorkflow): Difference[] {
  const idsOf = (steps: Array<{ stepId: string }>) => steps.map(({ stepId }) => stepId);
  const [old, now] = [idsOf(there.steps), idsOf(wanted.steps)];
  const [before, after] = [old.filter((id) => now.includes(id)), now.filter((id) => old.includes(id))];
  if (before.join() === after.join()) return [];
  return [
    change(
      null,
      `order of the steps: ${before.join(", ")} → ${after.join(", ")}`,
      "they keep the order that they started with",
    ),
  ];
}

const PAYLOAD_EFFECTS: Record<SchemaDifference["before"], string> = {
  fits: "their payload fits",
  "fits without it": "their messages are made without the field if it is missing or does not fit",
  "takes the default": "their messages take the field's default if it is missing or does not fit",
  "may not fit": "they lose their messages if the field is missing or does not fit",
};

function change(step: string | null, what: string, effect = "it applies from their next message on"): Difference {
  return { does: "change", step, what, effect, loses: null };
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}

/** The changes of a workflow's preferences per channel. Novu adds missing channels, so every channel is compared. */
function preferenceDifferences(before: Preferences, after: Preferences): string[] {
  const [old, now] = [switchesOf(before), switchesOf(after)];
  return Object.keys(now)
    .filter((name) => old[name] !== now[name])
    .map((name) => `preferences: ${name} ${onOff(old[name])} → ${onOff(now[name])}`);
}

/** A missing channel has the value of `all`. */
function switchesOf({ all, channels = {} }: Preferences): Record<string, boolean> {
  const isOn = all?.enabled ?? true;
  const each = Channel.options.map((name) => [name, channels[name]?.enabled ?? isOn] as const);
  return { all: isOn, "read only": all?.readOnly ?? false, ...Object.fromEntries(each) };
}

function onOff(isOn: boolean | undefined): string {
  return isOn === true ? "on" : "off";
}

/**
 * The values from Novu's dashboard with which the framework would refuse to run the step. They are checked against the
 * schemas of the code, which Novu has after the next sync.
 */
export async function brokenControls(manifest: Manifest, novu: NovuWorkflow[]): Promise<ControlValue[]> {
  const broken: ControlValue[] = [];
  for (const { workflowId: workflow, steps } of manifest)
    for (const { stepId: step, type, controls } of steps) {
      const there = novu.find(({ workflowId }) => workflowId === workflow)?.steps.find(({ stepId }) => stepId === step);
      const { values = {} } = there ?? {};
      for (const control of await unusableControls(controls.schema, values, type))
        broken.push({ workflow, step, control, value: JSON.stringify(values[control]) });
    }
  return broken;
}
