import { sampleDependencies } from "../../app/step-dependencies.ts";
import type { Config } from "../../config.ts";
import { eventsToForward } from "../../contracts/event.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import { createLog } from "../../lib/log.ts";
import { discoverWorkflows } from "../../novu/bridge.ts";
import type { Discovered } from "../../novu/discovered.ts";
import { readManifest } from "../plan/manifest.ts";
import { appChecks } from "./app.ts";
import { type Found, lookAll, ok } from "./check.ts";
import { nodeCheck } from "./node.ts";
import { novuChecks } from "./novu.ts";
import { novuWorkflowsCheck } from "./novu-workflows.ts";
import { postHogChecks } from "./posthog.ts";
import { segmentChecks } from "./segment.ts";
import { storeCheck } from "./store.ts";
import { subscriberIdsCheck } from "./subscriber-ids.ts";

const WITHIN_MS = 20_000;
/** A shorter one may be part of any word. */
const SHORTEST_SECRET = 4;

/** Looks at all that this configuration and these workflows need, at once; no secret of it is in what is found. */
export async function examine(config: Config, workflows: LifecycleWorkflow[]): Promise<Found[]> {
  const { posthog, segment } = config;
  const events = eventsToForward(workflows);
  const asksAbsences = workflows.some(({ absences }) => absences.length > 0);
  let discovered: Promise<Discovered[]> | undefined;
  const discover = () => {
    discovered ??= discoverHere(config, workflows);
    return discovered;
  };
  const ids = workflows.map(({ id }) => id);
  const checks = [
    nodeCheck(process.versions.node),
    storeCheck(config),
    subscriberIdsCheck(config),
    ...(posthog === null
      ? [{ what: "PostHog", look: async () => [ok("not configured")] }]
      : postHogChecks({ ...config, posthog }, { events, asksAbsences })),
    ...(segment === null ? [] : segmentChecks({ ...config, segment })),
    ...novuChecks(config, discover),
    novuWorkflowsCheck(config, () => readManifest(workflows, config.novu.plan)),
    ...appChecks(config, ids),
  ];
  const secrets = secretsOf(config);
  const found = await lookAll(checks, WITHIN_MS);
  return found.map(({ says, ...rest }) => ({ ...rest, says: without(secrets, says) }));
}

/** The workflows as a bridge would show them to Novu. */
function discoverHere(config: Config, workflows: LifecycleWorkflow[]): Promise<Discovered[]> {
  const deps = sampleDependencies({ config, link: (url) => url, now: Date.now });
  return discoverWorkflows(
    workflows.map((workflow) => workflow.build(deps)),
    createLog({ level: "silent" }),
  );
}

/** What must be in no line, whoever's words it has. */
function secretsOf({
  novu,
  posthog,
  segment,
  linkSigningKeys,
  studioSecret = "",
  databaseUrl,
  databaseDirectUrl,
}: Config): string[] {
  const passwords = [databaseUrl, databaseDirectUrl].flatMap((url) => (url === undefined ? [] : new URL(url).password));
  return [
    ...[novu.secretKey, posthog?.personalApiKey ?? "", posthog?.projectToken ?? "", studioSecret],
    ...[
      ...(posthog?.webhookSecrets ?? []),
      ...(segment?.secrets ?? []),
      segment?.profiles?.token ?? "",
      ...(novu.webhookSecrets ?? []),
      ...linkSigningKeys,
      ...passwords,
    ],
  ].filter(({ length }) => length >= SHORTEST_SECRET);
}

function without(secrets: string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}
