import type { Source } from "../../contracts/event.ts";

/** Who told of an event, in words. */
export const SOURCE_NAMES: Record<Source, string> = {
  posthog: "PostHog",
  segment: "Segment",
  sweep: "our own sweep",
};
