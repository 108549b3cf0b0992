import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

const HELP = `npm run plan -- [options]

Prints what a sync of this source tree would change at Novu, and changes nothing: workflows and steps to
add, change, move and remove; changed payloads, controls, severities and preferences; the people in progress
and the effect on them; values that were set in Novu's dashboard, also those that Novu cannot use; and
everything that your plan at Novu does not allow. It needs no running bridge.

It also compares the workflows with the events of the last 30 days: an event that PostHog has never seen, or
that has stopped; a property that is missing or has another type, so that the workflow cannot read it; a
condition that never held; a person property that PostHog does not have. It prints names, and no values.

  --json       print one JSON object
  --markdown   print Markdown for a pull request
  --help

It reads NOVU_SECRET_KEY, NOVU_API_URL and NOVU_PLAN. Without a key it lists what would be published, and
compares nothing at Novu. With POSTHOG_API_HOST, POSTHOG_PROJECT_ID and POSTHOG_PERSONAL_API_KEY (scopes
event_definition:read, property_definition:read, query:read) it compares the events. It counts the people in
progress in the store of DATABASE_URL or DATA_DIR, if there is one.

Exit code: 0 nothing to do at Novu, or nothing compared; 1 error; 2 wrong usage; 3 there is something to do.

After a build: node dist/src/cli.js plan`;

export const OPTIONS = { markdown: { type: "boolean" } } as const;

export const planOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "plan",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./plan/run.ts");
      return run(context, await loadProduct());
    },
  });
