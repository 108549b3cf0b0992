import { readConfig } from "../../config.ts";
import type { Product } from "../../contracts/product.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import type { RunContext } from "../../lib/command.ts";
import { describeError } from "../../lib/errors.ts";
import type { OPTIONS } from "../dashboard.ts";
import { configuredPostHog, createPostHogApi } from "../posthog-api.ts";
import { wantedInsights } from "./insights.ts";
import { type Step, syncDashboard } from "./sync-dashboard.ts";

export async function run(
  { options: { "dry-run": dryRun, json }, env, io }: RunContext<typeof OPTIONS>,
  { workflows }: Pick<Product<LifecycleWorkflow>, "workflows">,
): Promise<number> {
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

  const url = dashboardId === null ? null : `${posthog.apiHost}/project/${posthog.projectId}/dashboard/${dashboardId}`;
  if (json) io.print(JSON.stringify({ url, dryRun, steps, error: trouble }));
  else if (url !== null) io.print(url);
  if (trouble !== null) {
    io.printError(trouble);
    if (!json && steps.length > 0) io.printError("the step in the last line failed; you can run the command again");
    return 1;
  }
  return dryRun && steps.some(({ does }) => does !== "as it is") ? 3 : 0;
}

function lineOf({ does, name }: Step, dryRun: boolean): string {
  return `${(does === "as it is" || !dryRun ? does : `would ${does}`).padEnd(12)}  ${name}`;
}
