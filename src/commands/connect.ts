import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

const HELP = `npm run connect -- [options]

Creates or updates the HTTP Webhook destination in PostHog that sends events to this bridge: its URL
(from PUBLIC_URL), its signing secret, the events of the workflows in src/workflows/index.ts, and the
events that identify people. It finds the destination by the path of its URL. Headers, events and filters
that you add there stay.

  --dry-run      print the changes, and make none
  --prune        remove events that no workflow uses
  --new-secret   sign with a new secret; for when POSTHOG_WEBHOOK_SECRETS has no whsec_… and you lost the
                 secret that was printed
  --disable      stop PostHog's deliveries until the next npm run connect
  --delete       delete the destination
  --json         print one JSON object
  --help

PostHog signs with the first whsec_… in POSTHOG_WEBHOOK_SECRETS. If there is none, this command makes a
secret and prints it once: add it to the setting. To rotate the secret, put the new one first, restart the
app, run this command, and remove the old one.

POSTHOG_PERSONAL_API_KEY needs the scope hog_function:write; you may use another key than the app's.

Exit code: 0 done, or nothing to do; 1 error; 2 wrong usage; 3 with --dry-run, there is something to do.

After a build: node dist/src/cli.js connect`;

export const OPTIONS = {
  "dry-run": { type: "boolean" },
  prune: { type: "boolean" },
  "new-secret": { type: "boolean" },
  disable: { type: "boolean" },
  delete: { type: "boolean" },
} as const;

export const connectOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "connect",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./connect/run.ts");
      return run(context, await loadProduct());
    },
  });
