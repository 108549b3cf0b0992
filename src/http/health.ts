import { Router } from "express";

/**
 * `/healthz`: the process runs. `/readyz`: it can accept events and answer Novu now, with its commit.
 * `whyNot` returns the reason if it cannot; the answer is public.
 */
export function healthRoutes({
  whyNot,
  revision = null,
}: {
  whyNot: () => Promise<string | null>;
  /** Null if unknown. */
  revision?: string | null | undefined;
}): Router {
  return Router()
    .get("/healthz", (_request, response) => {
      response.json({ status: "ok" });
    })
    .get("/readyz", async (_request, response) => {
      const reason = await whyNot();
      if (reason === null) response.json({ status: "ready", revision });
      else response.status(503).json({ status: "not ready", reason });
    });
}
