import { Router } from "express";
import { z } from "zod";
import { invalid, NOT_FOUND, pageOf } from "./answers.ts";
import type { PostHogInsight, PostHogState } from "./state.ts";

const Dashboard = z.object({ name: z.string(), description: z.string(), deleted: z.boolean() }).partial();

export function dashboardRoutes(state: PostHogState): Router {
  return Router({ mergeParams: true })
    .get("/dashboards", ({ query }, response) => {
      const dashboards = state.dashboards.filter(({ deleted }) => !deleted);
      response.json(pageOf("dashboards", dashboards, query));
    })
    .post("/dashboards", ({ body }, response) => {
      const dashboard = Dashboard.safeParse(body);
      if (!dashboard.success) return void response.status(400).json(invalid(dashboard.error));
      const defaults = { id: state.dashboards.length + 1, name: "", description: "", deleted: false };
      state.dashboards.push({ ...defaults, ...defined(dashboard.data) });
      response.status(201).json(state.dashboards.at(-1));
    })
    .get("/dashboards/:id", ({ params }, response) => {
      const dashboard = state.dashboards.find(({ id, deleted }) => String(id) === params.id && !deleted);
      if (dashboard === undefined) return void response.status(404).json(NOT_FOUND);
      const insights = state.insights.filter(
        ({ dashboards, deleted }) => dashboards.includes(dashboard.id) && !deleted,
      );
      const text = { id: 0, insight: null, text: { body: "a note" } };
      const tiles = [text, ...insights.map((insight) => ({ id: insight.id, insight: insightDto(insight) }))];
      response.json({ ...dashboard, tiles });
    })
    .patch("/dashboards/:id", ({ params, body }, response) => {
      const dashboard = state.dashboards.find(({ id }) => String(id) === params.id);
      const changes = Dashboard.safeParse(body);
      if (dashboard === undefined) return void response.status(404).json(NOT_FOUND);
      if (!changes.success) return void response.status(400).json(invalid(changes.error));
      response.json(Object.assign(dashboard, defined(changes.data)));
    });
}

const EventsNode = z.looseObject({ kind: z.literal("EventsNode"), event: z.string().nullable() });
const Query = z.looseObject({
  kind: z.literal("InsightVizNode"),
  source: z.union([
    z.looseObject({ kind: z.literal("TrendsQuery"), series: z.array(EventsNode).min(1) }),
    z.looseObject({ kind: z.literal("FunnelsQuery"), series: z.array(EventsNode).min(2) }),
  ]),
});
const Insight = z
  .object({
    name: z.string().max(400),
    description: z.string().max(400),
    query: Query,
    dashboards: z.array(z.number()),
    deleted: z.boolean(),
    saved: z.boolean(),
  })
  .partial();

/** The charts of dashboards, as the API stores them; nothing draws them. */
export function insightRoutes(state: PostHogState): Router {
  return Router({ mergeParams: true })
    .post("/insights", ({ body }, response) => {
      const insight = Insight.safeParse(body);
      if (!insight.success) return void response.status(400).json(invalid(insight.error));
      const id = state.insights.length + 1;
      const defaults = { id, name: "", description: "", query: {}, dashboards: [], deleted: false };
      state.insights.push({ ...defaults, ...defined(insight.data) });
      response.status(201).json(state.insights.at(-1));
    })
    .patch("/insights/:id", ({ params, body }, response) => {
      const insight = state.insights.find(({ id }) => String(id) === params.id);
      const changes = Insight.safeParse(body);
      if (insight === undefined) return void response.status(404).json(NOT_FOUND);
      if (!changes.success) return void response.status(400).json(invalid(changes.error));
      response.json(insightDto(Object.assign(insight, defined(changes.data))));
    });
}

/** PostHog returns each query in the latest version of its query format. */
function insightDto(insight: PostHogInsight): PostHogInsight {
  const source = (insight.query as { source?: object }).source;
  return { ...insight, query: { ...insight.query, source: { ...source, version: 2 } } };
}

/** Leaves out the undefined values. */
function defined<Values extends object>(values: Values): { [Name in keyof Values]-?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
