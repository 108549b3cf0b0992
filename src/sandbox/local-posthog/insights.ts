import { Router } from "express";
import { z } from "zod";
import { invalid, NOT_FOUND } from "./api-errors.ts";
import type { PostHogInsight, PostHogState } from "./state.ts";

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

/** PostHog upgrades each query to its own latest version when it is read. */
export function insightDto(insight: PostHogInsight): PostHogInsight {
  const source = (insight.query as { source?: object }).source;
  return { ...insight, query: { ...insight.query, source: { ...source, version: 2 } } };
}

/** Without the undefined values. */
export function defined<Values extends object>(
  values: Values,
): { [Name in keyof Values]-?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
