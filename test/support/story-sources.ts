import type { Sandbox } from "../../src/sandbox/sandbox.ts";

export type Properties = Record<string, unknown>;

interface SourceEvent {
  person: string;
  uuid: string;
  event: string;
  properties: Properties;
  /** The person properties that it changes. */
  set: Properties;
  /** ISO 8601; now when undefined. */
  happenedAt: string | undefined;
}

/** The source of a story's events. */
interface StorySource {
  /** The source gets a person. */
  meet(person: string, properties: Properties): void;
  send(event: SourceEvent): Promise<void>;
  /** Changes a person without an event. */
  change(person: string, properties: Properties): void;
  forget(person: string): void;
  deliveries(): Array<{ eventUuid: string; distinctId: string; attempts: Array<{ answer: string }> }>;
}

export function postHogSource({ posthog }: Sandbox): StorySource {
  return {
    meet: (person, $set) => void posthog.capture({ event: "$set", distinctId: person, properties: { $set } }),
    async send({ person, uuid, event, properties, set, happenedAt: timestamp }) {
      const rest = { ...(timestamp !== undefined && { timestamp }), properties: { ...properties, $set: set } };
      posthog.capture({ event, distinctId: person, uuid, ...rest });
    },
    change: posthog.setPerson,
    forget: posthog.deletePerson,
    deliveries: () => posthog.state.deliveries,
  };
}

/** With Segment's names for the events, and an identify for changed properties. */
export function segmentSource({ segment, settled }: Sandbox, segmentNames: ReadonlyMap<string, string>): StorySource {
  const names = new Map([...segmentNames].map(([theirs, ours]) => [ours, theirs]));
  return {
    meet: (person, traits) => void segment.send({ type: "identify", userId: person, traits }),
    async send({ person, uuid, event, properties, set, happenedAt: timestamp }) {
      if (Object.keys(set).length > 0) {
        segment.send({ type: "identify", userId: person, traits: set });
        await settled();
      }
      const name = names.get(event) ?? event;
      segment.send({ type: "track", userId: person, messageId: uuid, event: name, properties, timestamp });
    },
    change: segment.setTraits,
    forget: segment.deleteProfile,
    deliveries: () => segment.state.deliveries,
  };
}
