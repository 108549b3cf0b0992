import type { Run } from "../contracts/run.ts";
import type { Shape } from "../contracts/workflow.ts";
import type { ExecuteBody, StepState } from "./bridge-call.ts";
import type { RunRecords } from "./continue-run.ts";
import type { WorkflowCode } from "./discovered.ts";

type Outputs = Record<string, unknown>;

/**
 * The state of a run for the present code, when the run began with another shape. The framework refuses a call whose
 * state lacks a step that the code has before the target, so such a step is added as a skipped one; `missing` names
 * them. `then` is the shape at the trigger, null where it is not known.
 */
export function completeState(
  state: StepState[],
  {
    code,
    then,
    target,
    digest,
    run,
    payload,
  }: {
    code: Shape;
    then: Shape | null;
    target: string;
    /** The digest that the run has passed. */
    digest: string | undefined;
    run: Run;
    payload: Outputs;
  },
): { state: StepState[]; missing: string[] } {
  const there = new Map(state.map((entry) => [entry.stepId, entry]));
  const missing: string[] = [];
  const before = code.steps.slice(
    0,
    code.steps.findIndex(({ step }) => step === target),
  );
  const completed = before.map(({ step, type }): StepState => {
    const entry = there.get(step);
    const passed = type === "digest" && digest !== undefined ? there.get(digest)?.outputs : undefined;
    const untouched = passed ?? untouchedOutputs(type, { run, payload });
    if (entry === undefined) {
      missing.push(step);
      return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    }
    const typeThen = then?.steps.find((one) => one.step === step)?.type ?? type;
    if (typeThen !== type) return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    return { ...entry, outputs: { ...untouched, ...entry.outputs } };
  });
  const known = new Set(before.map(({ step }) => step));
  return { state: [...completed, ...state.filter(({ stepId }) => !known.has(stepId))], missing };
}

/** The outputs of a step that did nothing, for later steps. */
function untouchedOutputs(type: string, { run, payload }: { run: Run; payload: Outputs }): Outputs {
  switch (type) {
    case "in_app":
      return { seen: false, read: false, lastSeenDate: null, lastReadDate: null };
    case "delay":
      return { duration: 0 };
    case "throttle":
      return { throttled: false };
    case "digest":
      // Without a digest the run has only its own event.
      return { events: [{ id: run.transactionId, time: run.occurredAt, payload }], eventCount: 1 };
    default:
      return {};
  }
}

/** Runs a custom step and returns its outputs. Throws where the step fails. */
export type RunCustom = (step: string, body: ExecuteBody) => Promise<Record<string, unknown>>;

/**
 * The results of custom steps that Novu's state lacks, because a call was lost or because the code has the step
 * elsewhere now. Such a step is run here, once for the run: the first value stays.
 */
export function createCustomResults({
  findCustomValues,
  saveCustomValue,
}: Pick<RunRecords, "findCustomValues" | "saveCustomValue">) {
  return {
    /** The value that a custom step already has, from a message behind it that needed one. */
    async knownValue(run: Run, step: string, { results }: WorkflowCode): Promise<Record<string, unknown> | undefined> {
      const schema = results.get(step);
      if (schema === undefined) return undefined;
      const { [step]: value } = await findCustomValues(run.transactionId);
      return schema.safeParse(value).success ? (value as Record<string, unknown>) : undefined;
    },

    /** The body with the result of each custom step before `target`. */
    async withResults(
      body: ExecuteBody,
      target: string,
      { code, run, runCustom }: { code: WorkflowCode; run: Run; runCustom: RunCustom },
    ): Promise<ExecuteBody> {
      const { transactionId, distinctId } = run;
      let completed = body;
      let saved: Record<string, unknown> | undefined;
      for (const { step } of code.shape.steps) {
        if (step === target) break;
        const schema = code.results.get(step);
        if (schema === undefined) continue;
        const inState = completed.state.find(({ stepId }) => stepId === step);
        if (inState !== undefined && hasRun(inState) && schema.safeParse(inState.outputs).success) continue;
        saved ??= await findCustomValues(transactionId);
        const isSaved = saved[step] !== undefined;
        const value =
          isSaved && schema.safeParse(saved[step]).success
            ? saved[step]
            : await saveCustomValue({ transactionId, distinctId, step }, await runCustom(step, completed), {
                replace: isSaved,
              });
        completed = { ...completed, state: withOutputs(completed.state, step, value as StepState["outputs"]) };
      }
      return completed;
    },
  };
}

/** The state of a lost call, or of a step that the run does not have, is empty, which may fit the schema. */
function hasRun({ state }: StepState): boolean {
  return !["failed", "canceled", "skipped"].includes(state?.status ?? "");
}

function withOutputs(state: StepState[], step: string, outputs: StepState["outputs"]): StepState[] {
  if (!state.some(({ stepId }) => stepId === step))
    return [...state, { stepId: step, outputs, state: { status: "skipped" } }];
  return state.map((entry) => (entry.stepId === step ? { ...entry, outputs } : entry));
}
