import type { Config } from "../config.ts";
import type { Profile } from "../contracts/notification.ts";
import type { PersonSources } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import { subscriberOf } from "../routing/profile.ts";
import { ownPersons } from "../sources/own-persons.ts";
import { createPersonLookup } from "../sources/person-now.ts";
import { postHogPersons } from "../sources/posthog/persons.ts";
import { segmentProfiles } from "../sources/segment/profiles.ts";
import type { Store } from "../store/store.ts";

type Told = Pick<Profile, "subscriber" | "occurredAt">;

/** Where persons are read at the moment of sending. */
export function personSources(
  { posthog, segment }: Pick<Config, "posthog" | "segment">,
  { traitsOf }: Pick<Store, "traitsOf">,
): PersonSources {
  return {
    ...(posthog && { posthog: postHogPersons(posthog) }),
    ...(segment?.profiles && { segment: segmentProfiles(segment.profiles) }),
    own: ownPersons(traitsOf),
  };
}

/** Whom a run is of, as far as it was told here; null when nothing was, or the event brought its person along. */
export function profileHere({ traitsOf }: Pick<Store, "traitsOf">) {
  return async ({ source, distinctId }: Pick<Run, "source" | "distinctId">): Promise<Told | null> => {
    if (source !== "segment") return null;
    const told = (await traitsOf([distinctId])).get(distinctId);
    return told ? { subscriber: subscriberOf(distinctId, told.properties), occurredAt: told.occurredAt } : null;
  };
}

/** Whom a run of Segment's is of, as far as persons are read elsewhere; null where nobody is found, or can be asked for. */
export function profileThere({ segment, posthog }: PersonSources, now: () => number) {
  const place = segment ?? posthog;
  const lookUp = place && createPersonLookup({ place, now });
  return async ({ distinctId, occurredAt }: Pick<Run, "distinctId" | "occurredAt">): Promise<Told | null> => {
    const found = await lookUp?.(distinctId);
    return found?.outcome === "found" ? { subscriber: subscriberOf(distinctId, found.properties), occurredAt } : null;
  };
}
