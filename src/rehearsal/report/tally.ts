/** Counts by name. */
export type Tally<Name extends string = string> = Map<Name, number>;

export interface Count<Name extends string = string> {
  name: Name;
  count: number;
}

export function add<Name extends string>(tally: Tally<Name>, name: Name, by = 1): void {
  tally.set(name, (tally.get(name) ?? 0) + by);
}

/** Without those that are 0; the most common first, and those that are as common by name. */
export function listed<Name extends string>(tally: Iterable<readonly [Name, number]>): Array<Count<Name>> {
  return [...tally]
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1));
}

export function sum(counts: Iterable<{ count: number }>): number {
  let all = 0;
  for (const { count } of counts) all += count;
  return all;
}

/** The value of a key, which is made if there is none. */
export function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
