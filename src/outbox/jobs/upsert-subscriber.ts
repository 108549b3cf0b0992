import type { Profile } from "../../contracts/routing.ts";
import type { PersonReads } from "../recipients.ts";
import type { Subscribers } from "../subscribers.ts";

/**
 * Sends Novu the profile of an event. An identify of Segment carries only some traits and may arrive out of order, so
 * all traits that are known of the person are sent.
 */
export function createUpsertSubscriber({
  storedProfile,
  subscribers,
}: {
  storedProfile: PersonReads["storedProfile"];
  subscribers: Pick<Subscribers, "upsert">;
}) {
  return async (profile: Profile): Promise<void> => {
    const { source = "posthog", subscriber, eventUuid } = profile;
    const whole = await storedProfile({ source, distinctId: subscriber.subscriberId });
    await subscribers.upsert(whole === null ? profile : { ...whole, eventUuid });
  };
}
