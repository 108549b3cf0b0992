/**
 * The same properties, as an object that adds to `names` each property that is read by its name. A copy of all
 * properties (`{ ...properties }`) reads none by its name.
 */
export function recordingReads(properties: Record<string, unknown>, names: Set<string>): Record<string, unknown> {
  /** A copy asks for the descriptor of each property, and then reads it. */
  const copied = new Set<PropertyKey>();
  const record = (name: PropertyKey) => {
    if (typeof name === "string" && !copied.delete(name) && !(name in Object.prototype)) names.add(name);
  };
  return new Proxy(properties, {
    get(target, name, receiver) {
      record(name);
      return Reflect.get(target, name, receiver);
    },
    has(target, name) {
      record(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      copied.add(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
}
