import { Router, urlencoded } from "express";
import type { SandboxControls } from "../contracts/sandbox.ts";
import type { DiscoveredWorkflow } from "../contracts/workflow.ts";
import type { Log } from "../lib/log.ts";
import { createAccess } from "./access.ts";
import { answerErrors, guarded, notFound } from "./answer.tsx";
import { createReadings, type Facts, type Routes, type StudioStore, workflowFacts } from "./facts.ts";
import { createLive } from "./live.ts";
import { pageRoutes } from "./routes.tsx";
import { SANDBOX_NAVIGATION, SANDBOX_PAGES } from "./sandbox/pages.ts";
import { sandboxRoutes } from "./sandbox/routes.ts";
import { createSandboxAccess, requireOwnForm, requireSession } from "./session.ts";
import { signInRoutes } from "./sign-in.tsx";
import { assetRoutes } from "./ui/assets.ts";

/** A person that was read for a page is not read again for this time. */
const READINGS_CACHE_MS = 20_000;

interface Options {
  store: StudioStore;
  discovered: DiscoveredWorkflow[];
  routes: Routes[];
  readPerson: Parameters<typeof createReadings>[0];
  capOf: Facts["capOf"];
  silent: Facts["silent"];
  compare: Facts["compare"];
  redrive: Facts["redrive"];
  /** Subscribes to changes in the store; returns the end of the subscription. */
  onChange(listener: () => void): () => void;
  secret: string | undefined;
  publicUrl: string | undefined;
  sandbox: SandboxControls | undefined;
  now: () => number;
  log: Log;
}

/**
 * The pages, and their data as JSON under `/api`. With a `sandbox`, the pages are open to this machine only, and show
 * all addresses. Otherwise the pages need a login with `secret`. Null if there is neither a sandbox nor a secret.
 * `stop` closes the live connections of open pages.
 */
export function createStudio({
  store,
  discovered,
  routes,
  readPerson,
  capOf,
  silent,
  compare,
  redrive,
  onChange,
  secret,
  publicUrl,
  sandbox,
  now,
  log,
}: Options): { router: Router; stop(): void } | null {
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
    readPerson: createReadings(readPerson, cacheMs, now),
    capOf,
    silent,
    compare,
    redrive,
  };
  const live = createLive(onChange);

  const sandboxPages =
    sandbox === undefined ? null : { controls: sandbox, pages: SANDBOX_PAGES, navigation: SANDBOX_NAVIGATION };

  const router = Router().use(guarded, assetRoutes());
  if (access !== null) router.use(signInRoutes({ access, log }));
  router.use(requireSession(access, access?.sessionOf ?? createSandboxAccess()));
  router.use(urlencoded({ extended: false, inflate: false, limit: sandbox === undefined ? "64kb" : "4mb" }));
  router.use(requireOwnForm);
  router.get("/live", live.listen);
  router.use(pageRoutes({ facts, sandboxPages, access, now, log }));
  if (sandbox !== undefined) router.use(sandboxRoutes({ sandbox, changed: live.changed, log }));
  router.use(notFound, answerErrors(log));
  return { router, stop: live.stop };
}
