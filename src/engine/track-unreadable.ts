import type { PersonProperties, PersonRead, PropertyName } from "../contracts/person.ts";

/**
 * The properties of a person, and the names of the unreadable ones among them that were used. A condition that used one
 * has no answer: treated as absent, it would often allow the message.
 */
export function trackUnreadable({ properties, unreadable }: PersonRead): {
  properties: PersonProperties;
  usedUnreadable(): PropertyName[];
} {
  const used = new Set<PropertyName>();
  if (unreadable.length === 0) return { properties, usedUnreadable: () => [] };
  const copy = { ...properties };
  for (const name of unreadable) {
    const get = () => {
      used.add(name);
      return properties[name];
    };
    Object.defineProperty(copy, name, { enumerable: false, get });
  }
  return { properties: copy, usedUnreadable: () => [...used] };
}
