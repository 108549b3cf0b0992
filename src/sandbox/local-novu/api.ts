import express, { type Express, type RequestHandler } from "express";
import type { FaultInjection } from "../fault-injection.ts";
import { accountRoutes, type NovuIntegration } from "./account.ts";
import { activityRoutes } from "./activity.ts";
import { answer, refuse } from "./answer.ts";
import type { BridgeClient } from "./bridge-call.ts";
import { idempotency } from "./idempotency.ts";
import { inboxRoutes } from "./inbox.ts";
import { preferenceRoutes } from "./preferences.ts";
import { rateLimit } from "./rate-limit.ts";
import type { Message, NovuState } from "./state.ts";
import type { Plan } from "./steps/step.ts";
import { subscriberRoutes } from "./subscribers.ts";
import type { Triggers } from "./triggers.ts";
import type { NovuWorker } from "./worker.ts";
import { workflowRoutes } from "./workflows.ts";

/** Novu's API: each route behind the rate limit of its category. */
export function novuApi({
  secretKey,
  limits,
  state,
  settings,
  integrations,
  bridge,
  worker,
  triggers,
  faults,
  mark,
}: {
  secretKey: string;
  limits: Omit<Plan, "triggersPerSecond"> & { triggersPerSecond: number };
  state: NovuState;
  settings: { isIdempotent: boolean };
  integrations: NovuIntegration[];
  bridge: BridgeClient;
  worker: NovuWorker;
  triggers: Triggers;
  faults: FaultInjection;
  mark: (messageId: string, as: "seen" | "read") => Message;
}): Express {
  // Novu's categories: cancels count with triggers; preferences and lists of workflows with subscribers.
  const limitTriggers = rateLimit(limits.triggersPerSecond);
  const limitConfiguration = rateLimit(limits.profilesPerSecond);
  const replays = idempotency({ isOn: () => settings.isIdempotent });

  // A slow Novu has the idempotency key already and answers 409 to the next attempt, so this route delays last.
  const trigger = [triggers.log, limitTriggers, replays, faults.delay, triggers.accept];

  return express()
    .disable("x-powered-by")
    .use(faults.answer)
    .use(authorize(secretKey))
    .use(express.json({ limit: "5mb" }))
    .post("/v1/events/trigger", ...trigger)
    .use(faults.delay)
    .delete("/v1/events/trigger/:transactionId", limitTriggers, (request, response) => {
      answer(response, 200, worker.cancel(String(request.params.transactionId)));
    })
    .get("/v2/workflows", limitConfiguration)
    .use(workflowRoutes({ state, bridge, limits }))
    .use(accountRoutes({ integrations }))
    .use(activityRoutes({ state, limited: rateLimit(limits.readsPerSecond) }))
    .use(subscriberRoutes({ state, limited: limitConfiguration }))
    .use(preferenceRoutes({ state, limited: limitConfiguration }))
    .use(inboxRoutes({ state, mark }))
    .use((_request, response) => refuse(response, 404, "the local Novu does not have this route"));
}

function authorize(secretKey: string): RequestHandler {
  return (request, response, next) => {
    if (request.get("authorization") === `ApiKey ${secretKey}`) next();
    else refuse(response, 401, "API Key not found");
  };
}
