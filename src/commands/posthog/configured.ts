import type { Config, PostHogConfig } from "../../config.ts";

/** The PostHog part of the configuration. Without one it throws: `purpose` explains the command, `withSegment` the alternative. */
export function configuredPostHog(
  { posthog }: Pick<Config, "posthog">,
  { purpose, withSegment }: { purpose: string; withSegment: string },
): PostHogConfig {
  if (posthog !== null) return posthog;
  throw new Error(`${purpose}, and PostHog is not configured here (the settings POSTHOG_…). ${withSegment}`);
}
