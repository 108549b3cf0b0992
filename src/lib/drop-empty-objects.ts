/** A copy without empty objects, and without objects that are empty for lack of them, at every depth; lists stay as they are. */
export function dropEmptyObjects(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, inner]): Array<[string, unknown]> => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return [[key, inner]];
    const kept = dropEmptyObjects(inner as Record<string, unknown>);
    return Object.keys(kept).length === 0 ? [] : [[key, kept]];
  });
  return Object.fromEntries(entries);
}
