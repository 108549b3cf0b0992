import { type RequestHandler, Router } from "express";
import { Registry } from "prom-client";
import { equalSecrets } from "../lib/equal-secrets.ts";
import { createCounters } from "./counters.ts";
import { createGauges, type Depths } from "./gauges.ts";

export type Metrics = ReturnType<typeof createMetrics>;

/** Functions that count, and the route that shows the numbers. */
export function createMetrics() {
  const registry = new Registry();
  return {
    ...createCounters(registry),
    /** `GET /metrics` for Prometheus; with a `token` only for requests that send it. */
    routes({ depths, token, now }: { depths: Depths; token?: string | undefined; now: () => number }): Router {
      const gauges = createGauges(registry, depths, now);
      return Router().get("/metrics", requireToken(token), async (_request, response) => {
        await gauges.update();
        response.type(registry.contentType).send(await registry.metrics());
      });
    },
  };
}

function requireToken(token: string | undefined): RequestHandler {
  return (request, response, next) => {
    if (token === undefined || equalSecrets(request.get("authorization") ?? "", `Bearer ${token}`)) return next();
    response.status(401).set("www-authenticate", "Bearer").json({ error: "send METRICS_TOKEN as a bearer token" });
  };
}
