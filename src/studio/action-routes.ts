import { Router } from "express";
import type { Log } from "../lib/log.ts";
import type { Access } from "./access.ts";
import { type Addresses, textsOf } from "./addresses.ts";
import type { Facts } from "./facts.ts";
import { ACTIONS } from "./pages/index.ts";
import { maskText } from "./privacy.ts";
import { sessionIn } from "./session.ts";
import { within } from "./within.ts";

/** The forms outside the sandbox, and the addresses that a page had before. */
export function actionRoutes({
  facts,
  access,
  addresses: { canonical, opened },
  log,
}: {
  facts: Facts;
  access: Access | null;
  addresses: Addresses;
  log: Log;
}): Router {
  const router = Router();
  for (const { path, run } of ACTIONS)
    router.post(path, async (request, response) => {
      const to = await run(opened(request.body), facts);
      log.info({ component: "studio", outcome: "done", action: path, session: sessionIn(response).id });
      response.redirect(303, to);
    });
  if (access !== null)
    router.post("/reveal", (request, response) => {
      const session = sessionIn(response);
      const page = canonical(within(textsOf(request.body).page));
      log.warn({ component: "studio", outcome: "revealed", session: session.id, page: maskText(page) });
      response.redirect(303, `${page}${page.includes("?") ? "&" : "?"}reveal=${access.revealFor(session, page)}`);
    });
  router.get(["/set-aside", "/api/set-aside"], ({ originalUrl }, response) =>
    response.redirect(301, originalUrl.replace("/set-aside", "/ignored")),
  );
  return router;
}
