import { type Request, type Response, Router } from "express";
import type { SandboxControls, SandboxMessage } from "../contracts/sandbox.ts";
import type { Log } from "../lib/log.ts";
import type { Access } from "./access.ts";
import { createAddresses, queryOf, textsOf, within } from "./addresses.ts";
import { allowFrames, sendPage } from "./answer.tsx";
import type { Facts } from "./facts.ts";
import { type Frame, FrameContext, type Page } from "./page.ts";
import { ACTIONS, NAVIGATION, PAGES } from "./pages/index.ts";
import { conceal, concealNothing, maskText } from "./privacy.ts";
import { sessionIn } from "./session.ts";
import { Layout, type NavigationEntry } from "./ui/layout.tsx";

/** The routes of all pages, of their JSON under `/api`, of the forms outside the sandbox, and of former URLs. */
export function pageRoutes({
  facts,
  sandboxPages,
  access,
  now,
  log,
}: {
  facts: Facts;
  /** The pages that only the sandbox has, and its controls; null in production. */
  sandboxPages: { controls: SandboxControls; pages: Page[]; navigation: NavigationEntry[] } | null;
  /** Null in the sandbox, which has no login and masks no addresses. */
  access: Access | null;
  now: () => number;
  log: Log;
}): Router {
  const { canonical, opened } = createAddresses(access);
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
  for (const { path, run } of ACTIONS)
    router.post(path, async (request, response) => {
      const to = await run(opened(request.body), facts);
      log.info({ component: "studio", outcome: "done", action: path, session: sessionIn(response).id });
      response.redirect(303, to);
    });
  if (access !== null)
    router.post("/reveal", (request, response) => {
      const session = sessionIn(response);
      const page = canonical(within(textsOf(request.body).here));
      log.warn({ component: "studio", outcome: "revealed", session: session.id, page: maskText(page) });
      response.redirect(303, `${page}${page.includes("?") ? "&" : "?"}reveal=${access.revealFor(session, page)}`);
    });
  router.get(["/set-aside", "/api/set-aside"], ({ originalUrl }, response) =>
    response.redirect(301, originalUrl.replace("/set-aside", "/ignored")),
  );
  return router;

  /** The page for this session. Its addresses are masked, unless the session has revealed them. */
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
      nextStepAt: (await sandboxPages?.controls.nextStepAt()) ?? null,
    };
  }

  function draw(
    { page, here, query, reveal, problem, nextStepAt }: NonNullable<Awaited<ReturnType<typeof open>>>,
    response: Response,
  ) {
    const { token } = sessionIn(response);
    const messageOf = sandbox === undefined ? null : createMessageOf(sandbox);
    const frame = { now: now(), token, here, query, workflows: facts.workflows, messageOf };
    const bar = sandboxPages && { nextStepAt, navigation: sandboxPages.navigation, problem };
    return (
      <FrameContext value={frame}>
        <Layout view={page.view(frame)} navigation={NAVIGATION} reveal={reveal} sandbox={bar} />
      </FrameContext>
    );
  }
}

/** Finds the message of a step. The messages are indexed when the page first asks. */
function createMessageOf(sandbox: SandboxControls): NonNullable<Frame["messageOf"]> {
  let byStep: Map<string, SandboxMessage> | undefined;
  return (run, step) => {
    byStep ??= new Map(sandbox.messages().map((message) => [`${message.transactionId} ${message.stepId}`, message]));
    return byStep.get(`${run} ${step}`) ?? null;
  };
}
