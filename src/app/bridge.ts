import type { Router } from "express";
import type { StepDependencies } from "../engine/run-context.ts";
import type { BodyBudget } from "../lib/webhook-endpoint.ts";
import { createBridge } from "../novu/bridge.ts";
import { createForeignRuns } from "../novu/foreign-runs.ts";
import type { Frameworks } from "../novu/framework.ts";
import type { Context } from "./context.ts";
import type { Decisions } from "./decisions.ts";
import type { Novu } from "./novu.ts";
import type { RunSteps } from "./run-steps.ts";

/** The endpoint that Novu calls for each step. */
export function createBridgeRoutes(
  { config, store, now, log }: Context,
  {
    frameworks,
    steps,
    runSteps,
    decisions,
    novu,
    budget,
  }: {
    frameworks: Frameworks;
    steps: StepDependencies;
    runSteps: RunSteps;
    decisions: Decisions;
    novu: Novu;
    budget: BodyBudget;
  },
): Router {
  return createBridge({
    secretKey: config.novu.secretKey,
    frameworks,
    budget,
    recordDecision: decisions.record,
    decisionsOf: store.decisions.listOfRuns,
    records: {
      findShape: store.runs.findShape,
      listShapes: store.runs.listShapes,
      findShapeOf: store.runs.findShapeOf,
      findCustomValues: store.decisions.findCustomValues,
      saveCustomValue: store.decisions.saveCustomValue,
    },
    async onWait(run, waitMs) {
      await steps.expectCallAfter(run, { waitMs, mayBeRefused: false });
      await steps.refreshSubscriber(run, { waitMs, isWrong: false });
    },
    withRun: createForeignRuns({
      async findRun(subscriberId, jobId) {
        await novu.limit.reads();
        return novu.activity.runOfJob(subscriberId, jobId);
      },
      async begin(run, workflow) {
        const inserted = await store.runs.insertForeign({ ...run, workflow });
        if (inserted === "new") await runSteps.markStarted(run.transactionId, workflow);
        return inserted !== "of another person";
      },
      source: config.posthog === null ? "segment" : "posthog",
      now,
    }),
    now,
    log,
  });
}
