import { assertWithinPlan } from "../contracts/novu.ts";
import type { StepDependencies } from "../engine/run-context.ts";
import type { Links } from "../links/links.ts";
import { type Frameworks, openFrameworks } from "../novu/framework.ts";
import type { Context } from "./context.ts";
import { sampleDependencies } from "./step-dependencies.ts";

/** The fork's workflows in Novu's framework, with their shapes stored. Throws for workflows that Novu would refuse. */
export async function openWorkflows(
  { config, product, store, now, log }: Context,
  { steps, links }: { steps: StepDependencies; links: Pick<Links, "link"> },
): Promise<Frameworks> {
  const samples = sampleDependencies({ config, samplePerson: product.samplePerson, link: links.link, now });
  const frameworks = await openFrameworks({
    ...config.novu,
    live: product.workflows.map(({ build }) => build(steps)),
    samples: product.workflows.map(({ build }) => build(samples)),
    log,
  });
  assertWithinPlan(frameworks.workflows, config.novu.plan);
  await store.runs.saveShapes(frameworks.workflows.map(({ shapeId: id, shape }) => ({ id, shape })));
  return frameworks;
}
