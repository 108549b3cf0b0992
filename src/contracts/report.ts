import { STATUSES } from "./capture.ts";

/** The `$lib` of what we report to PostHog. */
export const OUR_LIB = "posthog-novu-bridge";

const OUR_EVENTS = new Set<string>(STATUSES.map(eventNameOf));

/** What a status is called as PostHog's event. */
export function eventNameOf(status: (typeof STATUSES)[number]): string {
  return `notification ${status}`;
}

/** Whether an event is one that we have reported, and PostHog has sent back. */
export function isEcho({ name, properties }: { name: string; properties: Record<string, unknown> }): boolean {
  return properties.$lib === OUR_LIB || OUR_EVENTS.has(name);
}
