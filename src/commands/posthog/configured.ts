import type { Config, PostHogConfig } from "../../config.ts";

/** PostHog's part of a configuration; throws where there is none, because the command works there. */
export function configuredPostHog({ posthog }: Pick<Config, "posthog">): PostHogConfig {
  if (posthog !== null) return posthog;
  throw new Error("PostHog is not configured, and this command works there: set the variables POSTHOG_…");
}
