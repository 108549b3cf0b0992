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
      const persons = [...(await personsById(distinctIds))];
      return new Map(
        persons.map(([id, { occurredAt, ...person }]) => [id, { ...person, asOf: Date.parse(occurredAt) }]),
      );
    },
  };
}
