/** Traits that go by another name here. */
const NAMES: Record<string, string> = { timezone: "$timezone" };

/**
 * A person's traits at Segment as our person properties, with the name made of first and last name
 * where there is none.
 * Source: https://www.twilio.com/docs/segment/connections/spec/identify#traits
 */
export function propertiesOfTraits(traits: Record<string, unknown>): Record<string, unknown> {
  const properties = respelled(traits);
  for (const [trait, property] of Object.entries(NAMES))
    if (trait in properties) properties[property] ??= properties[trait];
  const [first, last, name] = [properties.first_name, properties.last_name, properties.name].map(filled);
  // A last name alone would be what the person is greeted by.
  if (first === undefined || name !== undefined) return properties;
  return { ...properties, name: last === undefined ? first : `${first} ${last}` };
}

function filled(text: unknown): string | undefined {
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}

/**
 * Properties in our spelling: `checkoutUrl` and `Checkout URL` are `checkout_url`. Where there are
 * several, the one that was spelled so counts, and an empty one only where all are.
 */
export function respelled(properties: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(properties);
  const full = entries.filter(([, value]) => value != null && (typeof value !== "string" || value.trim() !== ""));
  const exact = full.filter(([name]) => name === spelling(name));
  return Object.fromEntries([...entries, ...full, ...exact].map(([name, value]) => [spelling(name), value]));
}

/** The names by which a property of ours may be a trait. */
export function traitsOf(property: string): string[] {
  const named = Object.entries(NAMES).flatMap(([trait, ours]) => (ours === property ? [trait] : []));
  const camel = property.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [...new Set([property, camel, ...named])];
}

function spelling(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[ -]+/g, "_")
    .toLowerCase();
}
