import type { Sandbox } from "../../src/sandbox/sandbox.ts";

export type Properties = Record<string, unknown>;

interface Done {
  person: string;
  uuid: string;
  event: string;
  properties: Properties;
  /** What it changes of them. */
  set: Properties;
  /** ISO 8601; now when it is left out. */
  happenedAt: string | undefined;
}

/** Who tells a story. */
interface StorySource {
  /** Somebody becomes known. */
  meet(person: string, properties: Properties): void;
  tell(done: Done): Promise<void>;
  /** What is known of somebody changes, and nothing says so. */
  change(person: string, properties: Properties): void;
  forget(person: string): void;
  deliveries(): Array<{ eventUuid: string; distinctId: string; attempts: Array<{ answer: string }> }>;
}

export function postHogTells({ posthog }: Sandbox): StorySource {
  return {
    meet: (person, $set) => void posthog.capture({ event: "$set", distinctId: person, properties: { $set } }),
    async tell({ person, uuid, event, properties, set, happenedAt: timestamp }) {
      const happened = { ...(timestamp !== undefined && { timestamp }), properties: { ...properties, $set: set } };
      posthog.capture({ event, distinctId: person, uuid, ...happened });
    },
    change: posthog.setPerson,
    forget: posthog.deletePerson,
    deliveries: () => posthog.state.deliveries,
  };
}

/** By the names that Segment's users give their events, and with an identify for what changes. */
export function segmentTells({ segment, settled }: Sandbox, segmentNames: ReadonlyMap<string, string>): StorySource {
  const names = new Map([...segmentNames].map(([theirs, ours]) => [ours, theirs]));
  return {
    meet: (person, traits) => void segment.send({ type: "identify", userId: person, traits }),
    async tell({ person, uuid, event, properties, set, happenedAt: timestamp }) {
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
