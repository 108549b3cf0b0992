import type { PersonRead, PersonSource } from "../contracts/person.ts";

const MOST_AT_ONCE = 500;

/** Our store as a source of persons: the properties of events whose source does not have all of them. */
export function storedPersons(
  personsById: (distinctIds: string[]) => Promise<Map<string, PersonRead & { occurredAt: string }>>,
): PersonSource {
  return {
    name: "the store",
    mostAtOnce: MOST_AT_ONCE,
    async read(distinctIds) {
      const stored = await personsById(distinctIds);
      return new Map(
        [...stored].map(([distinctId, { properties, unreadable, occurredAt }]) => [
          distinctId,
          { properties, unreadable, asOf: Date.parse(occurredAt) },
        ]),
      );
    },
  };
}
