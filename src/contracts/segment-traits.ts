/** Traits that go by another name here; every other name is only written as ours are. */
const NAMES: Record<string, string> = { timezone: "$timezone" };

/**
 * A person's traits at Segment as our person properties: `firstName`, `First Name` and `first_name` are
 * one. Where several are, the one in our own spelling counts.
 * Source: https://www.twilio.com/docs/segment/connections/spec/identify#traits
 */
export function propertiesOfTraits(traits: Record<string, unknown>): Record<string, unknown> {
  const respelled = Object.entries(traits).map(([trait, value]) => [propertyOf(trait), value] as const);
  const properties = { ...Object.fromEntries(respelled), ...traits };
  const names = [properties.first_name, properties.last_name].filter((name) => typeof name === "string");
  return names.length === 0 ? properties : { name: names.join(" "), ...properties };
}

/** The names by which a property of ours may be a trait. */
export function traitsOf(property: string): string[] {
  const renamed = Object.entries(NAMES).find(([, ours]) => ours === property)?.[0];
  const camel = property.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [...new Set([property, camel, ...(renamed === undefined ? [] : [renamed])])];
}

function propertyOf(trait: string): string {
  const snake = trait
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(" ", "_")
    .toLowerCase();
  return NAMES[snake] ?? snake;
}
