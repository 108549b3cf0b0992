import { Router } from "express";

/**
 * `/healthz`: the process lives. `/readyz`: it can take events and answer Novu now, and which commit it is;
 * `whyNot` says in public words why not.
 */
export function healthRoutes({
  whyNot,
  revision = null,
}: {
  whyNot: () => Promise<string | null>;
  /** Null where nobody said. */
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
