import { NOVU_PLANS, type NovuPlan } from "../contracts/novu-plan.ts";

/** Throws for workflows that Novu would refuse on this plan, with every problem at once. */
export function assertWithinPlan(workflows: Array<{ id: string; steps: number }>, plan: NovuPlan): void {
  const problems = beyondPlan(workflows, plan);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** The problems as texts; `others` is the number of workflows that were made in Novu's dashboard. */
export function beyondPlan(
  workflows: Array<{ id: string; steps: number }>,
  plan: NovuPlan,
  { others = 0 }: { others?: number } = {},
): string[] {
  const { mostWorkflows, mostSteps } = NOVU_PLANS[plan];
  const problems = workflows
    .filter(({ steps }) => steps > mostSteps)
    .map(
      ({ id, steps }) =>
        `workflow "${id}" has ${steps} steps, Novu takes ${mostSteps}; a long wait counts as several steps on a plan that limits delays`,
    );
  if (workflows.length + others > mostWorkflows)
    problems.push(
      `there are ${workflows.length} workflows${others > 0 ? `, and ${others} made in the dashboard` : ""}, the plan "${plan}" takes ${mostWorkflows}`,
    );
  return problems;
}
