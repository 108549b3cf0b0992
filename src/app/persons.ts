import type { Config } from "../config.ts";
import type { PersonPlaces } from "../contracts/person.ts";
import { postHogPersons } from "../people/posthog-persons.ts";

/** Where persons are read at the moment of sending. */
export function personPlaces({ posthog }: Pick<Config, "posthog" | "segment">): PersonPlaces {
  return { ...(posthog && { posthog: postHogPersons(posthog) }) };
}
