import type { SandboxDelivery, SandboxPerson } from "../contracts/sandbox.ts";
import type { LocalPostHog } from "./local-posthog/local-posthog.ts";
import type { LocalSegment } from "./local-segment/local-segment.ts";

interface Sources {
  posthog: Pick<LocalPostHog, "state">;
  segment: Pick<LocalSegment, "state">;
}

/** The deliveries of both sources, the oldest first. At equal times PostHog's come before Segment's. */
export function deliveriesOf({ posthog, segment }: Sources): SandboxDelivery[] {
  const all = [
    ...posthog.state.deliveries.map((delivery) => ({ ...delivery, source: "posthog" as const })),
    ...segment.state.deliveries.map((delivery) => ({ ...delivery, source: "segment" as const })),
  ];
  return all.sort((one, other) => one.at - other.at);
}

/** The people of both sources, by the time of their creation. */
export function peopleOf({ posthog, segment }: Sources): SandboxPerson[] {
  const persons = posthog.state.persons.map((person) => ({ ...person, source: "posthog" as const }));
  const profiles = segment.state.profiles.map(
    ({ segmentId: uuid, userIds: distinctIds, traits: properties, createdAt }) => ({
      ...{ uuid, distinctIds, properties, createdAt },
      source: "segment" as const,
    }),
  );
  return [...persons, ...profiles].sort((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt));
}
