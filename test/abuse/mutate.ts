import type { Dice } from "./dice.ts";
import { oddValue } from "./odd-values.ts";

const PROTOTYPE_KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
const DEEP = 5_000;
const LARGE_BYTES = 2 * 1024 * 1024;

/** The value with this number of random changes. */
export function mutated(value: unknown, dice: Dice, changes: number): unknown {
  const copy = structuredClone(value);
  const holder = { value: copy as unknown };
  for (let change = 0; change < changes; change += 1) changeSomewhere(holder, dice);
  return holder.value;
}

/** The JSON text of a value, sometimes with an error in the text. */
export function oddText(value: unknown, dice: Dice): string | Buffer {
  const text = JSON.stringify(value) ?? "";
  const kind = dice.next();
  if (kind < 0.86) return text;
  if (kind < 0.88) return text.replace("{", `{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}},`);
  if (kind < 0.9) return text.replace(/"(\w+)":/, '"$1":1,"$1":');
  if (kind < 0.92) return text.slice(0, dice.int(text.length));
  if (kind < 0.935) return text.replace(/\d+/, "1e999");
  if (kind < 0.95) return `${"[".repeat(DEEP)}${text}${"]".repeat(DEEP)}`;
  if (kind < 0.96) return text.replace(/:/, `:${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)},"b":`);
  if (kind < 0.97)
    return Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from(text), Buffer.from([0xed, 0xa0])]);
  if (kind < 0.98) return `\ufeff${text}`;
  if (kind < 0.99) return `${text}${dice.pick(["}", "\0", "null", text])}`;
  if (kind < 0.998) return dice.pick(["", "null", "0", '""', "[]", "{}", "[[]]", "undefined", "\0"]);
  return text.replace("{", `{"large":"${"a".repeat(LARGE_BYTES - text.length + dice.int(2_000) - 1_000)}",`);
}

function changeSomewhere(holder: { value: unknown }, dice: Dice): void {
  let [parent, key]: [Record<string, unknown>, string] = [holder, "value"];
  for (let inner = parent[key]; isContainer(inner) && dice.chance(0.85); inner = parent[key]) {
    const keys = Object.keys(inner);
    if (keys.length === 0) break;
    [parent, key] = [inner, dice.pick(keys)];
  }
  change(parent, key, dice);
}

function change(parent: Record<string, unknown>, key: string, dice: Dice): void {
  const kind = dice.next();
  if (kind < 0.6) set(parent, key, oddValue(dice));
  else if (kind < 0.7) delete parent[key];
  else if (kind < 0.8) set(parent, key, [parent[key]]);
  else if (kind < 0.85) set(parent, key, JSON.stringify(parent[key]) ?? "");
  else if (kind < 0.95) set(parent, dice.pick(PROTOTYPE_KEYS), oddValue(dice));
  else set(parent, `${key}${dice.pick(["\0", " ", "💥", ".a", "[0]"])}`, parent[key]);
}

/** An own property also for `__proto__`, as JSON.parse makes it. */
function set(parent: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
