import { Router } from "express";
import { z } from "zod";
import { invalid, NOT_FOUND } from "./api-errors.ts";
import { defined, insightDto } from "./insights.ts";
import { pageOf } from "./page-of.ts";
import type { PostHogState } from "./state.ts";

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
