import express, { type Express, type RequestHandler } from "express";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { commandRoutes } from "../command-routes.ts";
import type { FaultInjection } from "../fault-injection.ts";
import { dashboardRoutes } from "./dashboards.ts";
import { evaluateFlags } from "./flags.ts";
import { hogFunctionRoutes } from "./hog-functions.ts";
import { insightRoutes } from "./insights.ts";
import type { LocalPostHog, Report } from "./local-posthog.ts";
import { personRoutes } from "./persons-api.ts";
import { answerQueries } from "./query.ts";
import { scoped } from "./scopes.ts";
import type { PostHogState } from "./state.ts";

const Batch = z.object({
  api_key: z.string(),
  batch: z.array(
    z.object({
      event: z.string().min(1),
      distinct_id: z.string().min(1),
      uuid: z.uuid().optional().catch(undefined),
      timestamp: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

/** PostHog's capture and flags endpoints, and its private API behind the personal API key. */
export function postHogApi({
  projectToken,
  personalApiKey,
  projectId,
  state,
  settings,
  reads,
  clock,
  faults,
  capture,
}: {
  projectToken: string;
  personalApiKey: string;
  projectId?: string;
  state: PostHogState;
  settings: LocalPostHog["settings"];
  reads: LocalPostHog["reads"];
  clock: Clock;
  faults: FaultInjection;
  capture: (capture: Report) => void;
}): Express {
  return express()
    .disable("x-powered-by")
    .use(commandRoutes({ state, clock }))
    .use(faults.handler)
    .use(express.json({ limit: "20mb" }))
    .post("/batch", captureBatch({ projectToken, capture }))
    .post("/flags", evaluateFlags({ state, projectToken, clock }))
    .use("/api", authorize(personalApiKey), scoped(settings), ofProject(projectId))
    .use(
      "/api/projects/:projectId",
      personRoutes({ state, reads }),
      dashboardRoutes(state),
      insightRoutes(state),
      hogFunctionRoutes({ state, settings }),
    )
    .post("/api/projects/:projectId/query", answerQueries({ state }))
    .use((_request, response) => {
      response.status(404).json({ type: "invalid_request", detail: "the local PostHog does not have this route" });
    });
}

function captureBatch({
  projectToken,
  capture,
}: {
  projectToken: string;
  capture: (capture: Report) => void;
}): RequestHandler {
  return (request, response) => {
    const body = Batch.safeParse(request.body);
    if (!body.success)
      return void response.status(400).json({ type: "validation_error", detail: "not a batch of events" });
    if (body.data.api_key !== projectToken)
      return void response.status(401).json({ type: "authentication_error", detail: "unknown project token" });
    for (const { distinct_id: distinctId, ...event } of body.data.batch) capture({ ...event, distinctId });
    response.json({ status: "Ok" });
  };
}

function authorize(personalApiKey: string): RequestHandler {
  return (request, response, next) => {
    if (request.get("authorization") === `Bearer ${personalApiKey}`) return next();
    response
      .status(401)
      .json({ type: "authentication_error", code: "authentication_failed", detail: "Invalid personal API key." });
  };
}

/** Every project when `projectId` is undefined. */
function ofProject(projectId: string | undefined): RequestHandler {
  return (request, response, next) => {
    const [, requested] = /^\/projects\/([^/]+)/.exec(request.path) ?? [];
    if (requested === undefined || projectId === undefined || requested === projectId) return next();
    response.status(404).json({ type: "invalid_request", code: "not_found", detail: "Project not found." });
  };
}
