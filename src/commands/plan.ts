import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand, UsageError } from "../lib/command.ts";
import { makePlan } from "./plan/make-plan.ts";
import { readManifest } from "./plan/manifest.ts";
import { readNovuEnvironment } from "./plan/novu-environment.ts";
import { planMarkdown } from "./plan/plan-markdown.ts";
import { hasChanges, planText } from "./plan/plan-text.ts";

const HELP = `npm run plan -- [options]

Says what a sync of this source tree would change at Novu, and changes nothing: workflows and steps
to add, change, move and remove, and other payloads, controls, severities and preferences; how many
people are in progress in each and what becomes of them; values that were set in Novu's dashboard,
and those of them that Novu cannot use; and what Novu's plan does not take. No bridge has to run for it.

  --json       print one JSON object
  --markdown   print it for a pull request
  --help

It reads NOVU_SECRET_KEY, NOVU_API_URL and NOVU_PLAN; without a key it says what is to be published,
and compares nothing. People in progress are counted in the store of DATABASE_URL or DATA_DIR, where
there is one.

Exit code: 0 nothing to do, or nothing compared; 1 trouble; 2 wrong usage; 3 there is something to do.

After a build: node dist/src/cli.js plan`;

/** The command for a product. */
export const planOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "plan",
    help: HELP,
    options: { markdown: { type: "boolean" } },
    async run({ options: { json, markdown }, env, io }) {
      if (json && markdown) throw new UsageError("--json and --markdown do not go together");
      const environment = readNovuEnvironment(env);
      const made = await makePlan(await readManifest(workflows, environment.plan), environment, io.sleep);
      io.print(json ? JSON.stringify(made) : markdown ? planMarkdown(made) : planText(made, io.paint));
      return hasChanges(made) ? 3 : 0;
    },
  });
