import { sampleDependencies } from "../../app/step-dependencies.ts";
import type { Config } from "../../config.ts";
import { eventsToForward } from "../../contracts/event.ts";
import { createLog } from "../../lib/log.ts";
import { nodeTrouble } from "../../lib/supported-node.ts";
import type { Discovered } from "../../novu/framework.ts";
import { discoverWorkflows } from "../../novu/framework.ts";
import { type Discoverable, readManifest } from "../plan/manifest.ts";
import { appChecks } from "./app.ts";
import { type Check, type Finding, type Found, lookAll, ok, trouble, warning } from "./check.ts";
import { eventsCheck } from "./events.ts";
import { jobsCheck } from "./jobs.ts";
import { novuChecks, novuWorkflowsCheck } from "./novu.ts";
import { postHogChecks } from "./posthog.ts";
import { reachCheck } from "./reach.ts";
import { segmentChecks } from "./segment.ts";
import { storeCheck, subscriberIdsCheck } from "./store.ts";

const WITHIN_MS = 20_000;
/** Shorter secrets are not redacted, because they may be part of any word. */
const SHORTEST_SECRET = 4;

/** Runs all checks at the same time, and redacts the secrets in the findings. */
export async function examine(
  config: Config,
  product: Discoverable,
  secrets: string[],
  now: () => number = Date.now,
): Promise<Found[]> {
  const { posthog, segment } = config;
  const { workflows } = product;
  const events = eventsToForward(workflows);
  const onCohort = workflows.find(({ cohorts }) => cohorts.length > 0);
  let discovered: Promise<Discovered[]> | undefined;
  const discover = () => {
    discovered ??= discoverHere(config, product);
    return discovered;
  };
  const ids = workflows.map(({ id }) => id);
  const checks = [
    nodeCheck(process.versions.node),
    storeCheck(config, now),
    jobsCheck(config),
    subscriberIdsCheck(config),
    ...(posthog === null
      ? [{ what: "PostHog", look: async () => [notConfigured(onCohort)] }]
      : postHogChecks({ ...config, posthog }, { events, workflows })),
    ...(segment === null ? [] : segmentChecks({ ...config, segment })),
    ...novuChecks(config, discover),
    eventsCheck(config, workflows, now),
    novuWorkflowsCheck(config, () => readManifest(product, config.novu.plan)),
    reachCheck(config),
    ...appChecks(config, ids),
  ];
  const found = await lookAll(checks, WITHIN_MS);
  return found.map(({ says, ...rest }) => ({ ...rest, says: redacted(says) }));

  function redacted(text: string): string {
    return secrets
      .filter(({ length }) => length >= SHORTEST_SECRET)
      .reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
  }
}

/** The workflows as the bridge publishes them. */
function discoverHere(config: Config, { workflows, locales }: Discoverable): Promise<Discovered[]> {
  const deps = sampleDependencies({ config, locales, link: (url) => url, now: Date.now });
  return discoverWorkflows(
    workflows.map((workflow) => workflow.build(deps)),
    createLog({ level: "silent" }),
  );
}

function notConfigured(onCohort: { id: string } | undefined): Finding {
  if (onCohort === undefined) return ok("not configured");
  return trouble(
    `not configured, and ${onCohort.id} starts on a cohort: set POSTHOG_PROJECT_ID and the other POSTHOG_…`,
  );
}

/** Checks that this version of Node gets security fixes. The app should run on the same version. */
function nodeCheck(version: string): Check {
  const trouble = nodeTrouble(version);
  return { what: "Node", look: async () => [trouble === null ? ok(version) : warning(trouble)] };
}
