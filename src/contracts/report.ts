import { STATUSES } from "./capture.ts";

/** The `$lib` of our reports to PostHog. */
export const OUR_LIB = "posthog-novu-bridge";

const OUR_EVENTS = new Set<string>(STATUSES.map(eventNameOf));

/** The name of the event that reports a status. */
export function eventNameOf(status: (typeof STATUSES)[number]): string {
  return `notification ${status}`;
}

/** Whether an event is one of our own reports that PostHog forwarded to us. */
export function isEcho({ name, properties }: { name: string; properties: Record<string, unknown> }): boolean {
  return properties.$lib === OUR_LIB || OUR_EVENTS.has(name);
}
