import { readConfig } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import { wantedInsights } from "./dashboard/insights.ts";
import { type Step, syncDashboard } from "./dashboard/sync-dashboard.ts";
import { configuredPostHog, createPostHogApi } from "./posthog-api.ts";

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

export const dashboardOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "dashboard",
    help: HELP,
    options: { "dry-run": { type: "boolean" } },
    async run({ options: { "dry-run": dryRun, json }, env, io }) {
      const { marketing, ...config } = readConfig(env);
      const posthog = configuredPostHog(config, {
        purpose: "dashboard creates a dashboard in PostHog from the reports about messages",
        withSegment: "Without PostHog there are no reports; the studio and /metrics count sent and skipped messages",
      });
      const insights = wantedInsights(workflows, marketing.holdout);
      const steps: Step[] = [];
      let [dashboardId, trouble]: [number | null, string | null] = [null, null];
      try {
        dashboardId = await syncDashboard({
          api: createPostHogApi(posthog, io),
          insights,
          dryRun,
          onStep: (step) => {
            steps.push(step);
            if (!json) io.print(lineOf(step, dryRun));
          },
        });
      } catch (error) {
        trouble = describeError(error);
      }

      const url =
        dashboardId === null ? null : `${posthog.apiHost}/project/${posthog.projectId}/dashboard/${dashboardId}`;
      if (json) io.print(JSON.stringify({ url, dryRun, steps, error: trouble }));
      else if (url !== null) io.print(url);
      if (trouble !== null) {
        io.printError(trouble);
        if (!json && steps.length > 0) io.printError("the step in the last line failed; you can run the command again");
        return 1;
      }
      return dryRun && steps.some(({ does }) => does !== "as it is") ? 3 : 0;
    },
  });

function lineOf({ does, name }: Step, dryRun: boolean): string {
  return `${(does === "as it is" || !dryRun ? does : `would ${does}`).padEnd(12)}  ${name}`;
}
