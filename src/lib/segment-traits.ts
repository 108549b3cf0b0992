/** Traits whose person property has another name. */
const NAMES: Record<string, string> = { timezone: "$timezone" };

/**
 * Segment's traits as person properties. A missing name is made from the first and last name.
 * Source: https://www.twilio.com/docs/segment/connections/spec/identify#traits
 */
export function propertiesOfTraits(traits: Record<string, unknown>): Record<string, unknown> {
  const properties = inSnakeCase(traits);
  for (const [trait, property] of Object.entries(NAMES))
    if (trait in properties) properties[property] ??= properties[trait];
  const [first, last, name] = [properties.first_name, properties.last_name, properties.name].map(filled);
  // The greeting would use a last name alone as a first name.
  if (first === undefined || name !== undefined) return properties;
  return { ...properties, name: last === undefined ? first : `${first} ${last}` };
}

function filled(text: unknown): string | undefined {
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}

/**
 * Properties in snake case: `checkoutUrl` and `Checkout URL` become `checkout_url`. Of several properties with the same
 * name in snake case, the property that has this name already counts. An empty value counts only if all are empty.
 */
export function inSnakeCase(properties: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(properties);
  const full = entries.filter(([, value]) => value != null && (typeof value !== "string" || value.trim() !== ""));
  const exact = full.filter(([name]) => name === snakeCase(name));
  return Object.fromEntries([...entries, ...full, ...exact].map(([name, value]) => [snakeCase(name), value]));
}

/** The traits that may become this person property. */
export function traitsOf(property: string): string[] {
  const named = Object.entries(NAMES).flatMap(([trait, ours]) => (ours === property ? [trait] : []));
  const camel = property.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [...new Set([property, camel, ...named])];
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[ -]+/g, "_")
    .toLowerCase();
}
