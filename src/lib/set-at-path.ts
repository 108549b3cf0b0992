/** A copy with `set` at this path; undefined removes the key. */
export function setAtPath<Value>(value: Value, [key, ...rest]: PropertyKey[], set: unknown): Value {
  if (key === undefined) return value;
  const parts = (value ?? {}) as Record<PropertyKey, unknown>;
  const part = rest.length === 0 ? set : setAtPath(parts[key], rest, set);
  if (Array.isArray(value)) return value.with(key as number, part) as Value;
  const { [key]: _, ...others } = parts;
  return (part === undefined ? others : { ...others, [key]: part }) as Value;
}
