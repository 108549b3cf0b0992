import type { LocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import type { CapturedEvent } from "../../src/sandbox/local-posthog/state.ts";

/**
 * The events that PostHog finally has. It merges rows with the same event name, person, uuid and day. Here the whole
 * time must be the same, so that a test finds a repeated report around midnight too.
 */
export function storedEvents({ state }: Pick<LocalPostHog, "state">): CapturedEvent[] {
  const keyOf = ({ uuid, event, distinctId, timestamp }: CapturedEvent) =>
    JSON.stringify([uuid, event, distinctId, timestamp]);
  return [...new Map(state.events.map((event) => [keyOf(event), event])).values()];
}
