import type { PersonRead, PersonSource } from "../contracts/person.ts";

const MOST_AT_ONCE = 500;

/** Persons as they were told of here, by sources that keep none or are asked for none. */
export function ownPersons(
  traitsOf: (distinctIds: string[]) => Promise<Map<string, PersonRead & { occurredAt: string }>>,
): PersonSource {
  return {
    name: "the store",
    mostAtOnce: MOST_AT_ONCE,
    async read(distinctIds) {
      const told = await traitsOf(distinctIds);
      return new Map(
        [...told].map(([distinctId, { properties, unreadable, occurredAt }]) => [
          distinctId,
          { properties, unreadable, asOf: Date.parse(occurredAt) },
        ]),
      );
    },
  };
}
