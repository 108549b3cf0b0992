/** Finds the items of an array by a key. */
export interface Lookup<Item> {
  /** In the order of the array. */
  all(key: string): Item[];
  /** The last one; undefined if there is none. */
  last(key: string): Item | undefined;
}

/** An index of an array that grows at its end. The array may be replaced; other changes need `added` and `removed`. */
export function createLookup<Item>(
  items: () => Item[],
  keysOf: (item: Item) => string[],
): Lookup<Item> & {
  /** The item has got further keys. */
  added(item: Item, keys: string[]): void;
  /** The item is not in the array any more. */
  removed(item: Item): void;
} {
  let indexed: Item[] = [];
  let count = 0;
  let byKey = new Map<string, Item[]>();
  const lookup = {
    all: (key: string) => upToDate().get(key) ?? [],
    last: (key: string) => lookup.all(key).at(-1),
    added(item: Item, keys: string[]) {
      for (const key of keys) put(item, key);
    },
    removed(item: Item) {
      count -= 1;
      for (const key of keysOf(item)) {
        const others = byKey.get(key)?.filter((other) => other !== item) ?? [];
        if (others.length > 0) byKey.set(key, others);
        else byKey.delete(key);
      }
    },
  };
  return lookup;

  function upToDate(): Map<string, Item[]> {
    const now = items();
    if (now !== indexed || now.length < count) {
      indexed = now;
      count = 0;
      byKey = new Map();
    }
    for (; count < now.length; count += 1) {
      const item = now[count] as Item;
      for (const key of keysOf(item)) put(item, key);
    }
    return byKey;
  }

  function put(item: Item, key: string): void {
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [item]);
    else same.push(item);
  }
}
