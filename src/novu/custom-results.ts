import type { Run } from "../contracts/run.ts";
import type { ExecuteBody, StepState } from "./bridge-call.ts";
import type { RunRecords } from "./continue-run.ts";
import type { WorkflowCode } from "./workflow-code.ts";

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
