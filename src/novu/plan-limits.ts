import { NOVU_PLANS, type NovuPlan } from "../contracts/novu-plan.ts";

/** What Novu would refuse of these workflows, before it does; throws with every trouble at once. */
export function assertWithinPlan(workflows: Array<{ id: string; steps: number }>, plan: NovuPlan): void {
  const troubles = beyondPlan(workflows, plan);
  if (troubles.length > 0) throw new Error(troubles.join("\n"));
}

/** The same, told; `others` are the workflows that the environment has besides, made in the dashboard. */
export function beyondPlan(
  workflows: Array<{ id: string; steps: number }>,
  plan: NovuPlan,
  { others = 0 }: { others?: number } = {},
): string[] {
  const { mostWorkflows, mostSteps } = NOVU_PLANS[plan];
  const troubles = workflows
    .filter(({ steps }) => steps > mostSteps)
    .map(
      ({ id, steps }) =>
        `workflow "${id}" has ${steps} steps, Novu takes ${mostSteps}; a long wait counts as several steps on a plan that limits delays`,
    );
  if (workflows.length + others > mostWorkflows)
    troubles.push(
      `there are ${workflows.length} workflows${others > 0 ? `, and ${others} made in the dashboard` : ""}, the plan "${plan}" takes ${mostWorkflows}`,
    );
  return troubles;
}
