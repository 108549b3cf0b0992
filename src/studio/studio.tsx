import { type ErrorRequestHandler, type Request, type Response, Router, urlencoded } from "express";
import type { SandboxControls } from "../contracts/sandbox.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createAccess, type EndedSessions, isOurForm, type Session } from "./access.ts";
import { allowFrames, guarded, sendPage } from "./answer.ts";
import { ASSETS, assetRoutes } from "./assets.ts";
import type { Facts } from "./facts.ts";
import { createLive } from "./live.ts";
import type { Page } from "./page.ts";
import { ACTIONS, NAVIGATION, PAGES, SANDBOX_NAVIGATION, SANDBOX_PAGES } from "./pages/index.ts";
import { conceal, maskText } from "./privacy.ts";
import { createSandboxAccess } from "./sandbox-access.ts";
import { sandboxRoutes } from "./sandbox-routes.ts";
import { signInRoutes } from "./sign-in.tsx";
import { Door, Layout } from "./ui/layout.tsx";
import { within } from "./within.ts";

export interface Studio {
  router: Router;
  /** Something has happened that an open page may show. */
  changed(): void;
  /** Lets go of the pages that listen. */
  stop(): void;
}

/**
 * The pages to see and steer, and the same as JSON under `/api`. With a `sandbox` they are open, to this
 * machine only, and hide nothing; else they are behind a login with `access.secret`.
 */
export function createStudio({
  facts,
  sandbox,
  access: login,
  now,
  log,
}: {
  facts: Facts;
  sandbox?: SandboxControls | undefined;
  access: { secret: string; isHttps: boolean; sessions: EndedSessions } | null;
  now: () => number;
  log: Log;
}): Studio {
  const live = createLive();
  const access = sandbox === undefined && login !== null ? createAccess({ ...login, now }) : null;
  const sandboxAccess = createSandboxAccess();

  const router = Router().use(guarded, assetRoutes());
  if (access !== null) router.use(signInRoutes({ access, log }));
  router.use(async (request, response, next) => {
    const session = await sessionOf(request);
    if (session === null) return turnAway(request, response);
    response.locals.session = session;
    next();
  });
  router.use(urlencoded({ extended: false, inflate: false, limit: sandbox === undefined ? "64kb" : "4mb" }));
  router.use((request, response, next) => {
    const session = sessionIn(response);
    if (request.method !== "GET" && request.method !== "HEAD" && !isOurForm(request, session))
      return wentWrong(
        response.status(403),
        "This form cannot be taken",
        "It came from elsewhere, or is too old. Go back, load the page again and repeat.",
      );
    next();
  });
  router.get("/live", (request, response) => live.listen(request, response));

  for (const page of sandbox === undefined ? PAGES : [...PAGES, ...SANDBOX_PAGES]) {
    router.get(page.path, (request, response) => show(page, request, response));
    router.get(`/api${page.path}`, async (request, response) => {
      const told = await tell(page, request, response);
      if (told === null) response.status(404).json({ error: "there is nothing here" });
      else response.json(told.model);
    });
  }
  for (const { path, run } of ACTIONS)
    router.post(path, async (request, response) => {
      const to = await run(opened(request.body), facts);
      log.info({ component: "studio", outcome: "done", action: path, session: sessionIn(response).id });
      response.redirect(303, to);
    });
  if (sandbox !== undefined) router.use(sandboxRoutes({ sandbox, changed: live.changed, log }));
  if (access !== null)
    router.post("/reveal", (request, response) => {
      const session = sessionIn(response);
      const page = canonical(within((request.body as Record<string, unknown>).page));
      log.warn({ component: "studio", outcome: "revealed", session: session.id, page: maskText(page) });
      response.redirect(303, `${page}${page.includes("?") ? "&" : "?"}reveal=${access.revealFor(session, page)}`);
    });
  router.use((_request, response) =>
    wentWrong(
      response.status(404),
      "There is nothing here",
      "It may be older than what is kept, or the address is not whole.",
    ),
  );
  router.use(((error: { status?: number }, request, response, next) => {
    if (response.headersSent) return next(error);
    const isTheirs = error.status !== undefined && error.status < 500;
    log[isTheirs ? "warn" : "error"]({
      component: "studio",
      path: maskText(request.path),
      error: describeError(error),
    });
    if (isTheirs)
      wentWrong(
        response.status(error.status ?? 400),
        "This cannot be taken",
        "The address or the form is broken, or too large.",
      );
    else
      wentWrong(response.status(503), "The store cannot be read now", "The app's log says why. Try again in a moment.");
  }) satisfies ErrorRequestHandler);

  return { router, changed: live.changed, stop: live.stop };

  async function sessionOf(request: Request): Promise<Session | null> {
    if (sandbox !== undefined) return sandboxAccess(request);
    return (await access?.sessionOf(request)) ?? null;
  }

  function turnAway(request: Request, response: Response): void {
    if (access === null || request.path.startsWith("/api/") || request.path === "/live")
      response
        .status(access === null ? 403 : 401)
        .json({ error: access === null ? "open to this machine only" : "log in at /studio/login" });
    else if (request.method === "GET")
      response.redirect(303, `/studio/login?to=${encodeURIComponent(request.originalUrl)}`);
    else response.redirect(303, "/studio/login");
  }

  async function show(page: Page, request: Request, response: Response): Promise<void> {
    const told = await tell(page, request, response);
    if (told === null)
      return wentWrong(
        response.status(404),
        "There is nothing here",
        "It may be older than what is kept, or the address is not whole.",
      );
    const { token } = sessionIn(response);
    const frame = { now: now(), token, here: told.here, query: told.query };
    const { title, lead, content } = page.view(told.model, frame);
    if (page.frames) allowFrames(response);
    sendPage(
      response,
      <Layout
        title={title}
        lead={lead}
        here={told.here}
        navigation={NAVIGATION}
        sandbox={
          sandbox === undefined
            ? null
            : { now: now(), nextStepAt: sandbox.nextStepAt(), navigation: SANDBOX_NAVIGATION, problem: told.problem }
        }
        token={token}
        reveal={told.reveal}
        hasLogin={access !== null}
        assets={ASSETS}
      >
        {content}
      </Layout>,
    );
  }

  /** What a page tells this session: without addresses, unless they are revealed. */
  async function tell(page: Page, request: Request, response: Response) {
    const { reveal = "", problem = null, ...query } = textsOf(request.query);
    const here = canonical(`/studio${hrefOf(request.path.replace(/^\/api(?=\/|$)/, ""))}${queryOf(query)}`);
    const params = opened(request.params);
    const model = await page.read({ facts, sandbox, now: now(), params, query: opened(query) });
    if (model === null) return null;
    if (access === null) return { model, here, query, reveal: null, problem };
    if (access.isRevealed(sessionIn(response), here, reveal))
      return { model, here, query: opened(query), reveal: "revealed" as const, problem: null };
    const concealed = conceal(model, access.seal);
    return {
      model: concealed.model,
      here,
      query,
      reveal: concealed.hidden ? ("hidden" as const) : null,
      problem: null,
    };
  }

  /** The same address with what is personal in it sealed: it goes into the log. */
  function canonical(address: string): string {
    const { pathname, search } = new URL(address, "http://studio");
    const query = textsOf(Object.fromEntries(new URLSearchParams(search)));
    const sealed = access === null ? query : conceal(refsOf(query), access.seal).model;
    const path = access === null ? pathname : pathname.split("/").map(sealedPart).join("/");
    return `${path}${queryOf(Object.fromEntries(Object.entries(sealed).map(([name, value]) => [name.replace(/Ref$/, ""), value])))}`;
  }

  function sealedPart(part: string): string {
    return access === null || maskText(part) === part ? part : access.seal(decodeURIComponent(part));
  }

  function opened(values: unknown): Record<string, string> {
    const texts = textsOf(values);
    // PostgreSQL refuses text with a NUL, so nothing in a store has one.
    if (Object.values(texts).some((text) => text.includes("\0")))
      throw Object.assign(new Error("a NUL in the address or form"), { status: 400 });
    if (access === null) return texts;
    return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, access.open(value)]));
  }
}

function refsOf(query: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [`${name}Ref`, value]));
}

function sessionIn(response: Response): Session {
  return response.locals.session as Session;
}

/** What was given once and is not empty. */
function textsOf(values: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).filter(
      (pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "",
    ),
  );
}

function queryOf(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}

function hrefOf(path: string): string {
  return path === "/" ? "" : path;
}

function wentWrong(response: Response, title: string, advice: string): void {
  sendPage(
    response,
    <Door title={title} assets={ASSETS}>
      <p>{advice}</p>
      <p>
        <a href="/studio">To the overview</a>
      </p>
    </Door>,
  );
}
