import type { Dice } from "./dice.ts";

const STRINGS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udfff and on",
  "x-💥",
  "👩‍👩‍👧‍👦",
  "\u202eabc",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "undefined",
  "null",
  "NaN",
  "0",
  "-1",
  "true",
  "[object Object]",
  "a\r\nx-odd: 1",
  "<script>alert(1)</script>",
  "'; drop table events; --",
  "%00%ff",
  "../../etc/passwd",
  "{{payload}}",
  "{% if 1 %}",
  "#{7*7}",
  "9".repeat(400),
  "a@b.",
];
const TIMES = [
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00Z",
  "1970-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "+275760-09-13T00:00:00.000Z",
  "-271821-04-20T00:00:00.000Z",
  "2026-13-45T99:99:99Z",
  "NaN",
  "yesterday",
  0,
  -1,
  1e20,
  8.64e15,
];
const OTHERS = [null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], [null], [{}], { a: { b: {} } }];
const LONG = 3_000;
const VERY_LONG = 100_000;
const DEEP = 200;

/** An unexpected JSON value. */
export function oddValue(dice: Dice): unknown {
  const kind = dice.next();
  if (kind < 0.45) return oddString(dice);
  if (kind < 0.6) return dice.pick(TIMES);
  if (kind < 0.9) return other(dice);
  if (kind < 0.95) return nested(DEEP);
  return Array.from({ length: dice.int(300) }, () => other(dice));
}

/** A copy, because a value in a body may be changed there. */
function other(dice: Dice): unknown {
  return structuredClone(dice.pick(OTHERS));
}

export function oddString(dice: Dice): string {
  if (dice.chance(0.02)) return dice.pick(["a", "ä", "💥", "\\", "@"]).repeat(VERY_LONG / 2);
  if (dice.chance(0.08)) return dice.pick(["a", "ä", "💥", '"', "a@"]).repeat(LONG);
  return dice.pick(STRINGS);
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
