import { Router, urlencoded } from "express";
import type { SandboxControls } from "../contracts/sandbox.ts";
import type { Log } from "../lib/log.ts";
import { createAccess } from "./access.ts";
import { actionRoutes } from "./action-routes.ts";
import { createAddresses } from "./addresses.ts";
import { guarded } from "./answer.ts";
import { assetRoutes } from "./assets.ts";
import type { Facts, StudioStore } from "./facts.ts";
import { createLive } from "./live.ts";
import { pageRoutes } from "./page-routes.tsx";
import { answerErrors, notFound } from "./problems.tsx";
import { createReadings } from "./readings.ts";
import { SANDBOX_NAVIGATION, SANDBOX_PAGES } from "./sandbox/pages.ts";
import { sandboxRoutes } from "./sandbox/routes.ts";
import { createSandboxAccess } from "./sandbox-access.ts";
import { requireOwnForm, requireSession } from "./session.ts";
import { signInRoutes } from "./sign-in.tsx";
import { type Discovered, type Routes, workflowFacts } from "./workflow-facts.ts";

/** An open page reads its person again after this time. */
const READINGS_CACHE_MS = 20_000;

export interface Studio {
  router: Router;
  /** Notifies open pages that something has changed. */
  changed(): void;
  /** Closes the connections of open pages. */
  stop(): void;
}

interface Options {
  store: StudioStore;
  discovered: Discovered[];
  routes: Routes[];
  readPerson: Parameters<typeof createReadings>[0]["read"];
  silent: Facts["silent"];
  redrive: Facts["redrive"];
  secret: string | undefined;
  publicUrl: string | undefined;
  sandbox: SandboxControls | undefined;
  now: () => number;
  log: Log;
}

/**
 * The pages, and the same as JSON under `/api`. With a `sandbox` they are open to this machine only and hide nothing.
 * Otherwise they need a login with the `secret`; null without a secret.
 */
export function createStudio({
  store,
  discovered,
  routes,
  readPerson,
  silent,
  redrive,
  secret,
  publicUrl,
  sandbox,
  now,
  log,
}: Options): Studio | null {
  const isHttps = publicUrl?.startsWith("https:") ?? false;
  const access =
    sandbox === undefined && secret !== undefined
      ? createAccess({ secret, isHttps, sessions: store.limits, now })
      : null;
  if (sandbox === undefined && access === null) return null;

  const cacheMs = sandbox === undefined ? READINGS_CACHE_MS : 0;
  const facts: Facts = {
    runs: store.runs,
    decisions: store.decisions,
    events: store.events,
    jobs: store.jobs,
    workflows: discovered.map((workflow) => workflowFacts(workflow, routes)),
    readPerson: createReadings({ read: readPerson, cacheMs, now }),
    silent,
    redrive,
  };
  const live = createLive();
  const addresses = createAddresses(access);

  const sandboxPages =
    sandbox === undefined ? null : { controls: sandbox, pages: SANDBOX_PAGES, navigation: SANDBOX_NAVIGATION };

  const router = Router().use(guarded, assetRoutes());
  if (access !== null) router.use(signInRoutes({ access, log }));
  router.use(requireSession(access, access?.sessionOf ?? createSandboxAccess()));
  router.use(urlencoded({ extended: false, inflate: false, limit: sandbox === undefined ? "64kb" : "4mb" }));
  router.use(requireOwnForm);
  router.get("/live", live.listen);
  router.use(pageRoutes({ facts, sandboxPages, access, addresses, now }));
  router.use(actionRoutes({ facts, access, addresses, log }));
  if (sandbox !== undefined) router.use(sandboxRoutes({ sandbox, changed: live.changed, log }));
  router.use(notFound, answerErrors(log));
  return { router, changed: live.changed, stop: live.stop };
}
