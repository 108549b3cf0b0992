import type { Config, PostHogConfig } from "../../config.ts";

/** PostHog's part of a configuration; throws where there is none, with what the command is for, and the way out. */
export function configuredPostHog(
  { posthog }: Pick<Config, "posthog">,
  { purpose, withSegment }: { purpose: string; withSegment: string },
): PostHogConfig {
  if (posthog !== null) return posthog;
  throw new Error(`${purpose}, and PostHog is not configured here (the variables POSTHOG_…). ${withSegment}`);
}
