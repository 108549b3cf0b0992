import type { PostHogReports } from "../sources/posthog/reports.ts";
import type { Context } from "./context.ts";

/** Without PostHog, and in a rehearsal: reports nothing. */
const NO_REPORTS: PostHogReports = { async report() {}, async setOptOuts() {}, async stop() {} };

/** The reports to PostHog. The first one imports posthog-node, which loads all of Node's `fetch` when it opens. */
export function createReports({ config, isRehearsal }: Context): PostHogReports {
  const { posthog } = config;
  if (posthog === null || isRehearsal) return NO_REPORTS;
  let opening: Promise<PostHogReports> | undefined;
  const opened = () => {
    opening ??= import("../sources/posthog/reports.ts").then(({ createPostHogReport }) => createPostHogReport(posthog));
    return opening;
  };
  return {
    report: async (report) => (await opened()).report(report),
    setOptOuts: async (person) => (await opened()).setOptOuts(person),
    // Opened all the same, because it then rejects the reports that come after the stop.
    stop: async () => (await opened()).stop(),
  };
}
