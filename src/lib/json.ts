/** The JSON of a value; undefined for a value that is nested too deeply. JSON.parse accepts deeper values. */
export function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A copy with `set` at this path; undefined removes the key. */
export function setAtPath<Value>(value: Value, [key, ...rest]: PropertyKey[], set: unknown): Value {
  if (key === undefined) return value;
  const parts = (value ?? {}) as Record<PropertyKey, unknown>;
  const part = rest.length === 0 ? set : setAtPath(parts[key], rest, set);
  if (Array.isArray(value)) return value.with(key as number, part) as Value;
  const { [key]: _, ...others } = parts;
  return (part === undefined ? others : { ...others, [key]: part }) as Value;
}

/** A copy without empty objects at any depth, and without objects that become empty by that. Lists stay as they are. */
export function dropEmptyObjects(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, inner]): Array<[string, unknown]> => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return [[key, inner]];
    const rest = dropEmptyObjects(inner as Record<string, unknown>);
    return Object.keys(rest).length === 0 ? [] : [[key, rest]];
  });
  return Object.fromEntries(entries);
}
