import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

const HELP = `npm run dashboard -- [options]

Creates or updates the dashboard "Lifecycle messages" in PostHog for the workflows in
src/workflows/index.ts: per workflow a funnel from a message to its exit events, the reasons why messages
were not sent, and people who were held out against people who got messages. It finds its own charts by a
line in their description. Your changes to them stay until the chart itself changes. Charts of removed
workflows are deleted; your own charts are not.

  --dry-run   print the changes, and make none
  --json      print one JSON object
  --help

POSTHOG_PERSONAL_API_KEY needs the scopes dashboard:write and insight:write.
With HOLDOUT_FLAG, or a holdout of a workflow, there is also a chart of the difference that messages make.

Exit code: 0 done, or nothing to do; 1 error; 2 wrong usage; 3 with --dry-run, there is something to do.

After a build: node dist/src/cli.js dashboard`;

export const OPTIONS = { "dry-run": { type: "boolean" } } as const;

export const dashboardOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "dashboard",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./dashboard/run.ts");
      return run(context, await loadProduct());
    },
  });
