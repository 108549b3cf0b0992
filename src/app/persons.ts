import type { Config } from "../config.ts";
import type { PersonSources } from "../contracts/person.ts";
import type { Profile } from "../contracts/routing.ts";
import type { Run } from "../contracts/run.ts";
import { SOURCES } from "../contracts/sources.ts";
import { subscriberOf } from "../routing/person.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import { postHogPersons } from "../sources/posthog/persons.ts";
import { segmentProfiles } from "../sources/segment/profiles.ts";
import { storedPersons } from "../sources/stored-persons.ts";
import type { People } from "../store/people.ts";

type Subscribed = Pick<Profile, "subscriber" | "occurredAt">;

/** The sources at which persons are read at the moment of sending. */
export function createPersonSources(
  { posthog, segment }: Pick<Config, "posthog" | "segment">,
  { findTraits }: Pick<People, "findTraits">,
): PersonSources {
  return {
    ...(posthog && { posthog: postHogPersons(posthog) }),
    ...(segment?.profiles && { segment: segmentProfiles(segment.profiles) }),
    own: storedPersons(findTraits),
  };
}

/** The subscriber of a run from the person properties that we store; null when we store none of the person. */
export function storedProfile({ findTraits }: Pick<People, "findTraits">) {
  return async ({ source, distinctId }: Pick<Run, "source" | "distinctId">): Promise<Subscribed | null> => {
    if (!SOURCES[source].storesPersons) return null;
    const stored = (await findTraits([distinctId])).get(distinctId);
    return stored ? { subscriber: subscriberOf(distinctId, stored.properties), occurredAt: stored.occurredAt } : null;
  };
}

/** The subscriber of a run from the person at the source; null when the person is not found or cannot be read. */
export function profileAtSource({ readAtSource }: Pick<PersonReader, "readAtSource">) {
  return async (run: Pick<Run, "source" | "distinctId" | "occurredAt">): Promise<Subscribed | null> => {
    const person = await readAtSource(run);
    if (person?.outcome !== "found") return null;
    return { subscriber: subscriberOf(run.distinctId, person.properties), occurredAt: run.occurredAt };
  };
}
