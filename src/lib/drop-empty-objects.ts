/** A copy without empty objects at any depth, also without those that become empty by it. Lists stay as they are. */
export function dropEmptyObjects(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, inner]): Array<[string, unknown]> => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return [[key, inner]];
    const rest = dropEmptyObjects(inner as Record<string, unknown>);
    return Object.keys(rest).length === 0 ? [] : [[key, rest]];
  });
  return Object.fromEntries(entries);
}
