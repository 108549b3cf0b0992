import { isDeepStrictEqual } from "node:util";

type Json = Record<string, unknown>;

/** A key such as "scripts.test" that both sides have changed. A side that has deleted it has undefined. */
interface BothChanged {
  key: string;
  ours: unknown;
  theirs: unknown;
}

/**
 * Merges the changes of two objects since `base`, key by key. The keys are in the order of `theirs`, those that only
 * `ours` has behind them. Where both have changed a value, ours stays.
 */
export function mergeJson(
  { base, ours, theirs }: { base: Json; ours: Json; theirs: Json },
  path = "",
): { merged: Json; bothChanged: BothChanged[] } {
  const bothChanged: BothChanged[] = [];
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const entries = keys.map((name): [string, unknown] => {
    const [before, mine, upstream] = [base[name], ours[name], theirs[name]];
    if (isDeepStrictEqual(mine, before) || isDeepStrictEqual(mine, upstream)) return [name, upstream];
    if (isDeepStrictEqual(upstream, before)) return [name, mine];
    const key = path === "" ? name : `${path}.${name}`;
    if (isObject(mine) && isObject(upstream)) {
      const inner = mergeJson({ base: isObject(before) ? before : {}, ours: mine, theirs: upstream }, key);
      bothChanged.push(...inner.bothChanged);
      return [name, inner.merged];
    }
    bothChanged.push({ key, ours: mine, theirs: upstream });
    return [name, mine];
  });
  return { merged: Object.fromEntries(entries.filter(([, value]) => value !== undefined)), bothChanged };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
