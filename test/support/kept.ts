import type { LocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import type { CapturedEvent } from "../../src/sandbox/local-posthog/state.ts";

/**
 * The events that PostHog keeps in the end. It takes whatever comes, and its table then merges rows of
 * the same event name, person, uuid and day; here the whole time has to be the same, so that a repeated
 * report around midnight would be found as well.
 */
export function keptBy({ state }: Pick<LocalPostHog, "state">): CapturedEvent[] {
  const keyOf = ({ uuid, event, distinctId, timestamp }: CapturedEvent) =>
    JSON.stringify([uuid, event, distinctId, timestamp]);
  return [...new Map(state.events.map((event) => [keyOf(event), event])).values()];
}
