import { readConfig } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import { wantedInsights } from "./dashboard/insights.ts";
import { type Step, syncDashboard } from "./dashboard/keep.ts";
import { createPostHogApi } from "./posthog/api.ts";
import { configuredPostHog } from "./posthog/configured.ts";

const HELP = `npm run dashboard -- [options]

Makes the dashboard "Lifecycle messages" in PostHog, or brings it up to date with
src/workflows/index.ts: for each workflow the funnel from a message to what ends the workflow,
why messages were not sent, and people who were held out against those who were treated. It
finds what it has made by a line in the description; what you change there by hand stays, until
a chart is to be another. Charts of workflows that are gone are deleted, charts of yours are not.

  --dry-run   say what it would do, and do nothing
  --json      print one JSON object
  --help

POSTHOG_PERSONAL_API_KEY needs the scopes dashboard:write and insight:write.
With HOLDOUT_FLAG, or a workflow's own holdout, there is a chart of the difference it makes.

Exit code: 0 done, or nothing is to be done; 1 trouble; 2 wrong usage;
3 with --dry-run, something is to be done.

After a build: node dist/src/cli.js dashboard`;

/** The command for a product. */
export const dashboardOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "dashboard",
    help: HELP,
    options: { "dry-run": { type: "boolean" } },
    async run({ options: { "dry-run": dryRun, json }, env, io }) {
      const { marketing, ...config } = readConfig(env);
      const posthog = configuredPostHog(config, {
        purpose: "dashboard makes a dashboard in PostHog of what it is told of each message",
        withSegment: "Segment is told of no message; the studio and /metrics show what was sent and skipped",
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
        if (!json && steps.length > 0) io.printError("the last one of these failed; it can be run again");
        return 1;
      }
      return dryRun && steps.some(({ does }) => does !== "as it is") ? 3 : 0;
    },
  });

function lineOf({ does, name }: Step, dryRun: boolean): string {
  return `${(does === "as it is" || !dryRun ? does : `would ${does}`).padEnd(12)}  ${name}`;
}
