import { Router } from "express";
import { z } from "zod";
import type { PostHogInsight, PostHogState } from "./state.ts";

const Dashboard = z.object({ name: z.string(), description: z.string(), deleted: z.boolean() }).partial();
const EventsNode = z.looseObject({ kind: z.literal("EventsNode"), event: z.string().nullable() });
const Query = z.looseObject({
  kind: z.literal("InsightVizNode"),
  source: z.union([
    z.looseObject({ kind: z.literal("TrendsQuery"), series: z.array(EventsNode).min(1) }),
    z.looseObject({ kind: z.literal("FunnelsQuery"), series: z.array(EventsNode).min(2) }),
  ]),
});
/** As long as PostHog lets a description of a chart be. */
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

/** Dashboards and their charts, as the API keeps them; nothing is drawn. */
export function dashboardRoutes(state: PostHogState): Router {
  return Router({ mergeParams: true })
    .get("/dashboards", ({ query }, response) => {
      const [limit, offset] = [Number(query.limit ?? 100), Number(query.offset ?? 0)];
      const all = state.dashboards.filter(({ deleted }) => !deleted);
      const isMore = all.length > offset + limit;
      response.json({
        count: all.length,
        next: isMore
          ? `https://us.posthog.com/api/projects/1/dashboards/?limit=${limit}&offset=${offset + limit}`
          : null,
        previous: null,
        results: all.slice(offset, offset + limit),
      });
    })
    .post("/dashboards", ({ body }, response) => {
      const given = Dashboard.safeParse(body);
      if (!given.success) return void response.status(400).json(invalid(given.error));
      const fresh = { id: state.dashboards.length + 1, name: "", description: "", deleted: false };
      state.dashboards.push({ ...fresh, ...defined(given.data) });
      response.status(201).json(state.dashboards.at(-1));
    })
    .get("/dashboards/:id", ({ params }, response) => {
      const dashboard = state.dashboards.find(({ id, deleted }) => String(id) === params.id && !deleted);
      if (dashboard === undefined) return void response.status(404).json(NOT_FOUND);
      const own = state.insights.filter(({ dashboards, deleted }) => dashboards.includes(dashboard.id) && !deleted);
      const text = { id: 0, insight: null, text: { body: "a note" } };
      response.json({
        ...dashboard,
        tiles: [text, ...own.map((insight) => ({ id: insight.id, insight: seen(insight) }))],
      });
    })
    .patch("/dashboards/:id", ({ params, body }, response) => {
      const dashboard = state.dashboards.find(({ id }) => String(id) === params.id);
      const given = Dashboard.safeParse(body);
      if (dashboard === undefined) return void response.status(404).json(NOT_FOUND);
      if (!given.success) return void response.status(400).json(invalid(given.error));
      response.json(Object.assign(dashboard, defined(given.data)));
    })
    .post("/insights", ({ body }, response) => {
      const given = Insight.safeParse(body);
      if (!given.success) return void response.status(400).json(invalid(given.error));
      const fresh = {
        id: state.insights.length + 1,
        name: "",
        description: "",
        query: {},
        dashboards: [],
        deleted: false,
      };
      state.insights.push({ ...fresh, ...defined(given.data) });
      response.status(201).json(state.insights.at(-1));
    })
    .patch("/insights/:id", ({ params, body }, response) => {
      const insight = state.insights.find(({ id }) => String(id) === params.id);
      const given = Insight.safeParse(body);
      if (insight === undefined) return void response.status(404).json(NOT_FOUND);
      if (!given.success) return void response.status(400).json(invalid(given.error));
      response.json(seen(Object.assign(insight, defined(given.data))));
    });
}

const NOT_FOUND = { type: "invalid_request", code: "not_found", detail: "Not found." };

/** PostHog brings each query to its own latest version when it is read. */
function seen(insight: PostHogInsight): PostHogInsight {
  const source = (insight.query as { source?: object }).source;
  return { ...insight, query: { ...insight.query, source: { ...source, version: 2 } } };
}

function defined<Values extends object>(values: Values): { [Name in keyof Values]-?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function invalid(error: z.ZodError) {
  return { type: "validation_error", code: "invalid_input", detail: z.prettifyError(error) };
}
