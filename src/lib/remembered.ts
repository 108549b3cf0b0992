/** The longest text whose result is kept. Properties can hold any text. */
const LONGEST_TEXT = 64;
/** The most results of one function. There are fewer time zones, and fewer locales in use. */
const MOST_RESULTS = 1_000;

/** A pure function of a text that keeps its results, for texts that repeat from event to event. */
export function remembered<Value>(find: (text: string) => Value): (text: string) => Value {
  const results = new Map<string, Value>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known as Value;
    const value = find(text);
    if (text.length > LONGEST_TEXT) return value;
    if (results.size >= MOST_RESULTS) results.clear();
    results.set(text, value);
    return value;
  };
}
