import type { Decision } from "./decision.ts";

/** The `$lib` of what we report to PostHog. */
export const OUR_LIB = "posthog-novu-bridge";

/** What PostHog is told of a decision; one that failed is not final, and not told. */
export const REPORT_EVENTS = {
  sent: "notification sent",
  skipped: "notification skipped",
} as const satisfies { [Outcome in Decision["outcome"]]?: string };

/** Whether an event is one that we have reported, and PostHog has sent back. */
export function isEcho({ name, properties }: { name: string; properties: Record<string, unknown> }): boolean {
  return properties.$lib === OUR_LIB || Object.values<string>(REPORT_EVENTS).includes(name);
}
