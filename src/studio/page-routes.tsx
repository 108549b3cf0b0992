import { type Request, type Response, Router } from "express";
import type { SandboxControls } from "../contracts/sandbox.ts";
import type { Access } from "./access.ts";
import { type Addresses, queryOf, textsOf } from "./addresses.ts";
import { allowFrames, sendPage } from "./answer.ts";
import { ASSETS } from "./assets.ts";
import type { Facts } from "./facts.ts";
import type { Page } from "./page.ts";
import { NAVIGATION, PAGES } from "./pages/index.ts";
import { conceal, concealNothing } from "./privacy.ts";
import { sessionIn } from "./session.ts";
import { Layout, type NavigationEntry } from "./ui/layout.tsx";

/** Each page, and the same as JSON under `/api`. */
export function pageRoutes({
  facts,
  sandboxPages,
  access,
  addresses: { canonical, opened },
  now,
}: {
  facts: Facts;
  /** The pages that only the sandbox has, and its controls; null in production. */
  sandboxPages: { controls: SandboxControls; pages: Page[]; navigation: NavigationEntry[] } | null;
  /** Null in the sandbox, which hides nothing. */
  access: Access | null;
  addresses: Addresses;
  now: () => number;
}): Router {
  const router = Router();
  const sandbox = sandboxPages?.controls;
  for (const page of [...PAGES, ...(sandboxPages?.pages ?? [])]) {
    router.get(page.path, async (request, response, next) => {
      const found = await open(page, request, response);
      if (found === null) return next();
      if (page.frames) allowFrames(response);
      return sendPage(response, draw(found, response));
    });
    router.get(`/api${page.path}`, async (request, response) => {
      const found = await open(page, request, response);
      if (found === null) response.status(404).json({ error: "this page does not exist" });
      else response.json(found.page.model);
    });
  }
  return router;

  /** The page for this session: without addresses, unless they are revealed. */
  async function open(page: Page, request: Request, response: Response) {
    const { reveal = "", problem = null, ...query } = textsOf(request.query);
    const path = request.path.replace(/^\/api(?=\/|$)/, "");
    const here = canonical(`/studio${path === "/" ? "" : path}${queryOf(query)}`);
    const question = { facts, sandbox, now: now(), params: opened(request.params), query: opened(query) };
    const isRevealed = access?.isRevealed(sessionIn(response), here, reveal) ?? false;
    const isPlain = access === null || isRevealed;
    const found = await page.open(question, isPlain ? concealNothing : (model) => conceal(model, access.seal));
    if (found === null) return null;
    return {
      page: found,
      here,
      query: isRevealed ? question.query : query,
      reveal: isRevealed ? ("revealed" as const) : found.hidden ? ("hidden" as const) : null,
      problem: access === null ? problem : null,
    };
  }

  function draw(
    { page, here, query, reveal, problem }: NonNullable<Awaited<ReturnType<typeof open>>>,
    response: Response,
  ) {
    const { token } = sessionIn(response);
    const { title, lead, content } = page.view({ now: now(), token, here, query, workflows: facts.workflows });
    return (
      <Layout
        title={title}
        lead={lead}
        here={here}
        navigation={NAVIGATION}
        sandbox={
          sandboxPages && {
            now: now(),
            nextStepAt: sandboxPages.controls.nextStepAt(),
            navigation: sandboxPages.navigation,
            problem,
          }
        }
        token={token}
        reveal={reveal}
        hasLogin={access !== null}
        assets={ASSETS}
      >
        {content}
      </Layout>
    );
  }
}
