import { randomBytes } from "node:crypto";
import { isPostHogRequired } from "../config/settings.ts";
import { readConfig } from "../config.ts";
import { eventsToForward } from "../contracts/event.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand, UsageError } from "../lib/command.ts";
import type { CommandIo } from "../lib/command-io.ts";
import { describeError } from "../lib/errors.ts";
import { connectDestination, endDestination, type Outcome } from "./connect/destination.ts";
import { createPostHogApi } from "./posthog/api.ts";
import { configuredPostHog } from "./posthog/configured.ts";

const HELP = `npm run connect -- [options]

Makes the HTTP Webhook destination in PostHog that brings events to this bridge, or brings it up to
date: its URL (PUBLIC_URL), the signing secret, and the events that src/workflows/index.ts listens
to, besides those that say who somebody is. It finds the destination by the path of its URL; headers,
events and filters that you add there stay.

  --dry-run      say what it would do, and do nothing
  --prune        take away events that no workflow listens to
  --new-secret   sign with a new secret, when POSTHOG_WEBHOOK_SECRETS has no whsec_… and the one that
                 was shown is lost
  --disable      PostHog sends nothing any more, until the next npm run connect
  --delete       the destination is gone
  --json         print one JSON object
  --help

The first whsec_… of POSTHOG_WEBHOOK_SECRETS is what PostHog signs with. If there is none, one is
made and shown once, for you to put there. To rotate it, put the new one in front, restart the app,
run this, and take the old one out.

POSTHOG_PERSONAL_API_KEY needs the scope hog_function:write; that may be another key than the app's.

Exit code: 0 done, or nothing is to be done; 1 trouble; 2 wrong usage;
3 with --dry-run, something is to be done.

After a build: node dist/src/cli.js connect`;

/** The command for a product. */
export const connectOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "connect",
    help: HELP,
    options: {
      "dry-run": { type: "boolean" },
      prune: { type: "boolean" },
      "new-secret": { type: "boolean" },
      disable: { type: "boolean" },
      delete: { type: "boolean" },
    },
    async run({ options, env, io }) {
      const { "dry-run": dryRun, "new-secret": newSecret, prune, disable, delete: isDeletion, json } = options;
      if (isDeletion && disable) throw new UsageError("--delete and --disable do not go together");
      const fresh = {
        signing: `whsec_${randomBytes(32).toString("base64")}`,
        header: randomBytes(32).toString("base64url"),
      };
      const hasSecrets = (env.POSTHOG_WEBHOOK_SECRETS ?? "").trim() !== "";
      // The app needs a secret; this command can make the first one.
      const { publicUrl, ...config } = readConfig({
        ...env,
        ...(!hasSecrets && isPostHogRequired(env) && { POSTHOG_WEBHOOK_SECRETS: fresh.signing }),
      });
      const posthog = configuredPostHog(config, {
        purpose: "connect makes the destination in PostHog that brings events here",
        withSegment: `Segment is connected there: by its Webhooks destination, or by the function in .github/guides/segment-destination-function.js, to ${publicUrl}/webhooks/segment`,
      });
      const secrets = hasSecrets ? posthog.webhookSecrets : [];
      if (newSecret && secrets.some((secret) => secret.startsWith("whsec_")))
        throw new UsageError(
          "put the new secret in front of POSTHOG_WEBHOOK_SECRETS instead: the app has to know it first",
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
      else tell({ ...outcome, notes }, { url, dryRun }, io);
      return dryRun && outcome.does !== "as it is" && outcome.does !== "nothing there" ? 3 : 0;
    },
  });

function tell(
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
PostHog will not show this secret again. Put it in front of POSTHOG_WEBHOOK_SECRETS, where the app
and this command find it, and restart the app:

  ${secret}`);
}

function isThisMachine(url: string): boolean {
  return /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}
