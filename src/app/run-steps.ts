import { type SendingStep, sendingStepsOf } from "../contracts/workflow.ts";
import type { Discovered } from "../novu/framework.ts";
import type { Context } from "./context.ts";

/** The sending steps of workflows and of runs. A run keeps the steps that its workflow had at the trigger. */
export function createRunSteps({ store }: Pick<Context, "store">, { workflows }: { workflows: Discovered[] }) {
  const codeOf = (workflow: string) => workflows.find(({ id }) => id === workflow);
  const sendingSteps = (workflow: string): SendingStep[] => codeOf(workflow)?.sendingSteps ?? [];
  /** The id of the shape that the code has now; undefined for a workflow that it does not have. */
  const shapeIdOf = (workflow: string) => codeOf(workflow)?.shapeId;
  return {
    sendingSteps,
    shapeIdOf,
    async stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]> {
      const shape = await store.runs.findShapeOf(transactionId);
      return shape === null ? sendingSteps(workflow) : sendingStepsOf(shape);
    },
    /** Novu has the run, with the steps that the code has now. */
    markStarted: (transactionId: string, workflow: string) =>
      store.runs.markStarted(transactionId, shapeIdOf(workflow)),
  };
}

export type RunSteps = ReturnType<typeof createRunSteps>;
