import { assertWithinPlan } from "../contracts/novu.ts";
import type { StepDependencies } from "../engine/run-context.ts";
import type { Links } from "../links/links.ts";
import { type Bridge, createBridge } from "../novu/bridge.ts";
import { createForeignRuns } from "../novu/foreign-runs.ts";
import { type Frameworks, openFrameworks } from "../novu/framework.ts";
import type { Context } from "./context.ts";
import type { Novu } from "./novu.ts";
import type { Runs } from "./runs.ts";
import { sampleDependencies } from "./step-dependencies.ts";

/** The fork's workflows in Novu's framework, with their shapes stored. Throws for workflows that Novu would refuse. */
export async function openWorkflows(
  { config, product, store, now, log }: Context,
  { stepDependencies, links }: { stepDependencies: StepDependencies; links: Pick<Links, "link"> },
): Promise<Frameworks> {
  const { locales, samplePerson } = product;
  const { unsubscribeText } = stepDependencies;
  const samples = sampleDependencies({ config, locales, unsubscribeText, samplePerson, link: links.link, now });
  const frameworks = await openFrameworks({
    ...config.novu,
    live: product.workflows.map(({ build }) => build(stepDependencies)),
    samples: product.workflows.map(({ build }) => build(samples)),
    log,
  });
  assertWithinPlan(frameworks.workflows, config.novu.plan);
  await store.runs.saveShapes(frameworks.workflows.map(({ shapeId: id, shape }) => ({ id, shape })));
  return frameworks;
}

/** The endpoint that Novu calls for each step. */
export function createBridgeRoutes(
  { config, store, budget, sandbox, now, log }: Context,
  {
    frameworks,
    stepDependencies,
    runs,
    novu,
  }: { frameworks: Frameworks; stepDependencies: StepDependencies; runs: Runs; novu: Novu },
): Bridge {
  return createBridge({
    secretKey: config.novu.secretKey,
    frameworks,
    budget,
    recordDecision: runs.decide,
    decisionsOf: store.decisions.listOfRuns,
    records: { ...store.runs, ...store.decisions },
    async onWait(run, waitMs) {
      await stepDependencies.expectCallAfter(run, { waitMs, mayBeRefused: false });
      await stepDependencies.refreshSubscriber(run, { waitMs, isWrong: false });
    },
    async beginWait(next) {
      const { run, endsAt } = next;
      // The person was deleted here, although Novu continues the run.
      if ((await store.runs.findState(run.transactionId)) === null) return;
      const waitMs = Date.parse(endsAt) - now();
      await stepDependencies.expectCallAfter(run, { waitMs, mayBeRefused: false });
      if (await store.runs.beginWait(next)) await stepDependencies.refreshSubscriber(run, { waitMs, isWrong: false });
    },
    withRun: createForeignRuns({
      async findRun(subscriberId, jobId) {
        await novu.limit.reads();
        return novu.activity.runOfJob(subscriberId, jobId);
      },
      async begin(run, workflow) {
        const inserted = await store.runs.insertForeign({ ...run, workflow });
        if (inserted === "new") await runs.markStarted(run.transactionId, workflow);
        return inserted !== "of another person";
      },
      source: config.posthog === null ? "segment" : "posthog",
      now,
    }),
    trials: sandbox?.trials,
    now,
    log,
  });
}
