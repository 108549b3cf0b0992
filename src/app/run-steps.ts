import { sendingStepsOf } from "../contracts/shape.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Discovered } from "../novu/discovered.ts";
import type { Shapes } from "../store/runs.ts";

/** The sending steps of workflows and of runs. A run keeps the steps that its workflow had at the trigger. */
export function createRunSteps({
  workflows,
  findShapeOf,
}: {
  workflows: Discovered[];
  findShapeOf: Shapes["findShapeOf"];
}) {
  const codeOf = (workflow: string) => workflows.find(({ id }) => id === workflow);
  const sendingSteps = (workflow: string): SendingStep[] => codeOf(workflow)?.sendingSteps ?? [];
  return {
    sendingSteps,
    /** The id of the shape that the code has now; undefined for a workflow that it does not have. */
    shapeIdOf: (workflow: string) => codeOf(workflow)?.shapeId,
    async stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]> {
      const shape = await findShapeOf(transactionId);
      return shape === null ? sendingSteps(workflow) : sendingStepsOf(shape);
    },
  };
}
