import { randomBytes } from "node:crypto";
import { readConfig } from "../../config.ts";
import { eventsToForward } from "../../contracts/event.ts";
import type { Product } from "../../contracts/product.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import { type RunContext, UsageError } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { describeError } from "../../lib/errors.ts";
import { isPostHogRequired, textsIn } from "../../read-settings.ts";
import { isThisMachine } from "../ask.ts";
import type { OPTIONS } from "../connect.ts";
import { configuredPostHog, createPostHogApi } from "../posthog-api.ts";
import { connectDestination, endDestination, type Outcome } from "./destination.ts";

export async function run(
  { options, env, io }: RunContext<typeof OPTIONS>,
  { workflows }: Pick<Product<LifecycleWorkflow>, "workflows">,
): Promise<number> {
  const { "dry-run": dryRun, "new-secret": newSecret, prune, disable, delete: isDeletion, json } = options;
  if (isDeletion && disable) throw new UsageError("--delete and --disable do not go together");
  const fresh = {
    signing: `whsec_${randomBytes(32).toString("base64")}`,
    header: randomBytes(32).toString("base64url"),
  };
  const hasSecrets = "POSTHOG_WEBHOOK_SECRETS" in textsIn(env);
  // `readConfig` requires a secret. If there is none yet, this command makes the first one.
  const { publicUrl, ...config } = readConfig({
    ...env,
    ...(!hasSecrets && isPostHogRequired(env) && { POSTHOG_WEBHOOK_SECRETS: fresh.signing }),
  });
  const posthog = configuredPostHog(config, {
    purpose: "connect creates the destination in PostHog that sends events to this bridge",
    withSegment: `Connect Segment in Segment itself: send its Webhooks destination, or the function in .github/guides/segment-destination-function.js, to ${publicUrl}/webhooks/segment`,
  });
  const secrets = hasSecrets ? posthog.webhookSecrets : [];
  if (newSecret && secrets.some((secret) => secret.startsWith("whsec_")))
    throw new UsageError(
      "put the new secret first in POSTHOG_WEBHOOK_SECRETS instead, because the app needs it before PostHog does",
    );

  const api = createPostHogApi(posthog, io);
  const url = `${publicUrl}/webhooks/posthog`;
  let outcome: Outcome;
  try {
    if (isDeletion || disable)
      outcome = await endDestination(api, { url, does: isDeletion ? "delete" : "disable", dryRun });
    else {
      const events = eventsToForward(workflows);
      outcome = await connectDestination(api, { url, events, prune, secrets, fresh, newSecret }, dryRun);
    }
  } catch (error) {
    if (json) io.print(JSON.stringify({ url, dryRun, error: describeError(error) }));
    throw error;
  }
  const isLocal = isThisMachine(url) && !isThisMachine(posthog.apiHost);
  const notes = [...outcome.notes, ...(isLocal ? [`PUBLIC_URL is ${publicUrl}, which PostHog cannot reach`] : [])];
  if (json) io.print(JSON.stringify({ url, dryRun, ...outcome, notes, error: null }));
  else printOutcome({ ...outcome, notes }, { url, dryRun }, io);
  return dryRun && outcome.does !== "as it is" && outcome.does !== "nothing there" ? 3 : 0;
}

function printOutcome(
  { does, id, changes, notes, secret }: Outcome,
  { url, dryRun }: { url: string; dryRun: boolean },
  { print, paint }: CommandIo,
): void {
  const isDone = does === "as it is" || does === "nothing there" || !dryRun;
  print(`${isDone ? does : `would ${does}`}  HTTP Webhook${id === null ? "" : ` ${id}`} to ${url}`);
  for (const change of changes) print(`  ${change}`);
  for (const note of notes) print(paint("yellow", `  ! ${note}`));
  if (secret === null) return;
  print(`
PostHog will not show this secret again. Put it first in POSTHOG_WEBHOOK_SECRETS, for the app and this
command, and restart the app:

  ${secret}`);
}
