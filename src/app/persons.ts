import type { Config } from "../config.ts";
import type { PersonPlaces } from "../contracts/person.ts";
import { postHogPersons } from "../people/posthog-persons.ts";
import { segmentProfiles } from "../people/segment-profiles.ts";

/** Where persons are read at the moment of sending. */
export function personPlaces({ posthog, segment }: Pick<Config, "posthog" | "segment">): PersonPlaces {
  return {
    ...(posthog && { posthog: postHogPersons(posthog) }),
    ...(segment?.profiles && { segment: segmentProfiles(segment.profiles) }),
  };
}
