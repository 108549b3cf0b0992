import type { PersonProperties, PersonRead, PropertyName } from "../contracts/person.ts";

/**
 * A person's properties that note when one is asked for that cannot be read. A condition that has asked
 * for one has no answer: absent would often mean yes.
 */
export function watched({ properties, unreadable }: PersonRead): {
  properties: PersonProperties;
  asked(): PropertyName[];
} {
  const asked = new Set<PropertyName>();
  if (unreadable.length === 0) return { properties, asked: () => [] };
  const copy = { ...properties };
  for (const name of unreadable) {
    const get = () => {
      asked.add(name);
      return properties[name];
    };
    Object.defineProperty(copy, name, { enumerable: false, get });
  }
  return { properties: copy, asked: () => [...asked] };
}
