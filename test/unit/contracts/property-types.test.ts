import { inspect } from "node:util";
import fc from "fast-check";
import isEmail from "validator/lib/isEmail.js";
import { describe, expect, it } from "vitest";
import {
  date,
  email,
  flag,
  isUsualEmail,
  list,
  lowerCase,
  number,
  optOutKey,
  optOuts,
  type PropertyType,
  text,
} from "../../../src/contracts/property-types.ts";

const TYPES: Record<string, PropertyType<unknown>> = {
  text,
  email,
  flag,
  number,
  date,
  list,
  optOuts,
  "lowerCase(text)": lowerCase(text),
  "lowerCase(email)": lowerCase(email),
  "lowerCase(list)": lowerCase(list),
};

/** A value, and how it is read: as a value, "absent" or "unreadable". */
type Row = [raw: unknown, expected: unknown];

function table<Value>(type: PropertyType<Value>, rows: Row[]): void {
  const named = rows.map(([raw, expected]): [string, unknown, unknown] => [inspect(raw).slice(0, 60), raw, expected]);
  it.each(named)("%s", (_name, raw, expected) => {
    const isWord = expected === "absent" || expected === "unreadable";
    expect(type(raw)).toEqual(isWord ? expected : { value: expected });
  });
}

it("isEmail accepts each usual address", () => {
  const part = fc.string({ unit: fc.constantFrom(..."ab9_-.+@Z ."), maxLength: 12 });
  const host = fc.string({ unit: fc.constantFrom(..."ab9-.Z"), maxLength: 70 });
  let usual = 0;
  const address = fc.oneof(
    fc.emailAddress(),
    fc.tuple(part, host).map(([name, at]) => `${name}@${at}.com`),
    part,
  );
  fc.assert(
    fc.property(address, (text) => {
      if (!isUsualEmail(text)) return;
      usual += 1;
      expect(isEmail.default(text), text).toBe(true);
    }),
    { numRuns: 10_000 },
  );
  expect(usual).toBeGreaterThan(100);
  expect(["ada@example.com", "ada.lovelace+news@mail.example.co.uk"].filter(isUsualEmail)).toHaveLength(2);
});

const EMPTY: Row[] = [undefined, null, "", "   ", "\t\r\n", "\u00a0", "\u200b", "\ufeff \u00ad\u3000\u2060"].map(
  (raw) => [raw, "absent"],
);

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const revoked = Proxy.revocable([], {});
revoked.revoke();
const angry = () => {
  throw new Error("angry");
};
const ODD: unknown[] = [
  Symbol("odd"),
  1n,
  () => "odd",
  {},
  Object.create(null),
  { toString: angry },
  { length: 1, 0: "a" },
  new Map(),
  cyclic,
  Object.assign({}, { itself: cyclic }),
  revoked.proxy,
  new Proxy([], { get: angry }),
  new Proxy({}, { get: angry, getPrototypeOf: angry }),
  Object.create(Date.prototype),
  new Date(Number.NaN),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "half of \ud83d",
  "\udc00",
];
const UNREADABLE: Row[] = ODD.map((raw) => [raw, "unreadable"]);

describe("text", () => {
  table(text, [
    ...EMPTY,
    ...UNREADABLE,
    ["Ada", "Ada"],
    ["  Ada Lovelace ", "Ada Lovelace"],
    ["\ufeffAda\u200b", "Ada"],
    ["\u00a0Ada\u00a0", "Ada"],
    ["\u00adAda\u00ad", "Ada"],
    ["\u2060\u3000Ada\u200d\u2800", "Ada"],
    ["\u202eAda\u202c", "Ada"],
    ["Ada\u00a0Lovelace", "Ada\u00a0Lovelace"],
    ["Ada  Lovelace", "Ada  Lovelace"],
    ["Ada\nLovelace", "Ada Lovelace"],
    ["Ada \r\n\t Lovelace\0", "Ada Lovelace"],
    ["a\0b", "a b"],
    ["سارا\u200cها", "سارا\u200cها"],
    ["Ada ❤\ufe0f", "Ada ❤\ufe0f"],
    ["👩\u200d🚀", "👩\u200d🚀"],
    ["山田 太郎", "山田 太郎"],
    ["null", "null"],
    ["[]", "[]"],
    ["false", "false"],
    [42, "42"],
    [0, "0"],
    [-1.5, "-1.5"],
    [1e21, "1e+21"],
    [true, "unreadable"],
    [false, "unreadable"],
    [[], "unreadable"],
    [["Ada"], "unreadable"],
    [{ name: "Ada" }, "unreadable"],
    [new Date(0), "unreadable"],
    [new String("Ada"), "unreadable"],
  ]);
});

describe("email", () => {
  table(email, [
    ...EMPTY,
    ...UNREADABLE,
    ["ada@example.com", "ada@example.com"],
    ["ada@example.com ", "ada@example.com"],
    ["\tada@example.com\r\n", "ada@example.com"],
    ["\u200bada@example.com", "ada@example.com"],
    ["ada\u200b@exam\u00adple.com", "ada@example.com"],
    ["\ufeffada@example.com\u00a0", "ada@example.com"],
    ["ada@example.com\u202c", "ada@example.com"],
    ["Ada.Lovelace@Example.COM", "Ada.Lovelace@Example.COM"],
    ["info@bücher.example", "info@bücher.example"],
    ["info@xn--e1afmkfd.xn--p1ai", "info@xn--e1afmkfd.xn--p1ai"],
    ["r&d@example.com", "r&d@example.com"],
    ["jörg@example.com", "jörg@example.com"],
    ["用户@例子.公司", "用户@例子.公司"],
    ["o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"],
    ["a@b.co", "a@b.co"],
    [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
    [`${"a".repeat(65)}@example.com`, "unreadable"],
    [`a@${"b.".repeat(130)}com`, "unreadable"],
    ["Ada <ada@example.com>", "unreadable"],
    ["<ada@example.com>", "unreadable"],
    ["mailto:ada@example.com", "unreadable"],
    ["ada@example.com, bob@example.com", "unreadable"],
    ["ada@example.com;bob@example.com", "unreadable"],
    ["ada@example.com bob@example.com", "unreadable"],
    ["ada@example.com\nBcc: bob@example.com", "unreadable"],
    ['"a\nBcc: bob"@example.com', "unreadable"],
    ["a\u2003b@example.com", "unreadable"],
    ["ada@localhost", "unreadable"],
    ["ada@127.0.0.1", "unreadable"],
    ["ada@example.com.", "unreadable"],
    ["ada..l@example.com", "unreadable"],
    [".ada@example.com", "unreadable"],
    ["ada@exam_ple.com", "unreadable"],
    ["ada", "unreadable"],
    ["@", "unreadable"],
    ["null", "unreadable"],
    [42, "unreadable"],
    [true, "unreadable"],
    [["ada@example.com"], "unreadable"],
    [{ email: "ada@example.com" }, "unreadable"],
  ]);
});

describe("flag", () => {
  table(flag, [
    ...EMPTY,
    ...UNREADABLE,
    ...[true, 1, "true", "True", "TRUE ", " 1", "yes", "YES", "on", "On", "y", "Y", "t", "T", "\ufefftrue\u200b"].map(
      (raw): Row => [raw, true],
    ),
    ...[false, 0, -0, "false", "False", "FALSE\n", "0", "no", "No", "off", "OFF", "n", "N", "f", "\u00a0f"].map(
      (raw): Row => [raw, false],
    ),
    ...[2, -1, 0.5, "2", "10", "truee", "yes!", "nope", "null", "none", "done", "[]", [], [true], {}, { a: 1 }].map(
      (raw): Row => [raw, "unreadable"],
    ),
  ]);
});

describe("number", () => {
  table(number, [
    ...EMPTY,
    ...UNREADABLE,
    [0, 0],
    [42, 42],
    [-3.25, -3.25],
    [1e300, 1e300],
    ["0", 0],
    ["149.90", 149.9],
    [" 12 ", 12],
    ["\u200b12\u00a0", 12],
    ["-3", -3],
    ["+3", 3],
    ["1e3", 1000],
    ["1E3", 1000],
    ["1.5e-3", 0.0015],
    [".5", 0.5],
    ["5.", 5],
    ["007", 7],
    ["0x10", "unreadable"],
    ["0b1", "unreadable"],
    ["1,200", "unreadable"],
    ["149,90", "unreadable"],
    ["1.200,50", "unreadable"],
    ["1 200", "unreadable"],
    ["1_200", "unreadable"],
    ["12abc", "unreadable"],
    ["$12", "unreadable"],
    ["12 EUR", "unreadable"],
    ["12%", "unreadable"],
    ["1.2.3", "unreadable"],
    ["--1", "unreadable"],
    ["e3", "unreadable"],
    [".", "unreadable"],
    ["1e999", "unreadable"],
    ["NaN", "unreadable"],
    ["Infinity", "unreadable"],
    ["null", "unreadable"],
    ["true", "unreadable"],
    [true, "unreadable"],
    [false, "unreadable"],
    [[12], "unreadable"],
    [new Date(0), "unreadable"],
    ["١٢", "unreadable"],
  ]);
});

describe("date", () => {
  const AT = "2026-03-03T10:01:00.000Z";
  table(date, [
    ...EMPTY,
    ...UNREADABLE,
    ["2026-03-03T10:01:00Z", AT],
    ["2026-03-03T10:01:00.000Z", AT],
    [" 2026-03-03T10:01:00Z\u200b", AT],
    ["2026-03-03t10:01:00z", AT],
    ["2026-03-03T10:01:00", AT],
    ["2026-03-03T10:01", AT],
    ["2026-03-03 10:01:00", AT],
    ["2026-03-03  10:01:00", AT],
    ["2026-03-03 10:01:00 UTC", AT],
    ["2026-03-03 10:01:00 utc", AT],
    ["2026-03-03 10:01:00UTC", AT],
    ["2026-03-03 10:01:00 GMT", AT],
    ["2026-03-03 10:01:00 Z", AT],
    ["2026-03-03 10:01:00+00", AT],
    ["2026-03-03 12:01:00+02", AT],
    ["2026-03-03T12:01:00+02:00", AT],
    ["2026-03-03T12:01:00+0200", AT],
    ["2026-03-03 12:01:00 +0200", AT],
    ["2026-03-03T04:31:00-05:30", AT],
    ["2026-03-03T10:01:00.123Z", "2026-03-03T10:01:00.123Z"],
    ["2026-03-03 10:01:00.123456+00:00", "2026-03-03T10:01:00.123Z"],
    ["2026-03-03T10:01:00,5Z", "2026-03-03T10:01:00.500Z"],
    ["2026-03-03T00:30:00+02:00", "2026-03-02T22:30:00.000Z"],
    [1772532060, AT],
    [1772532060000, AT],
    ["1772532060", AT],
    [" 1772532060000 ", AT],
    [1772532060.5, "2026-03-03T10:01:00.500Z"],
    ["1772532060.123456", "2026-03-03T10:01:00.123Z"],
    [946684800, "2000-01-01T00:00:00.000Z"],
    [946684799, "unreadable"],
    [946684800000, "2000-01-01T00:00:00.000Z"],
    [4133980799, "2100-12-31T23:59:59.000Z"],
    [4133980800, "unreadable"],
    [4133980800000, "unreadable"],
    [1772532060000000, "unreadable"],
    [new Date(AT), AT],
    ["2026-03-03", "2026-03-03T23:59:59.999Z"],
    ["2028-02-29", "2028-02-29T23:59:59.999Z"],
    ["1998-05-01", "1998-05-01T23:59:59.999Z"],
    ["2026-02-29", "unreadable"],
    ["2026-02-30", "unreadable"],
    ["2026-02-30T10:00:00Z", "unreadable"],
    ["2026-13-01", "unreadable"],
    ["2026-00-10", "unreadable"],
    ["2026-03-00", "unreadable"],
    ["2026-03-03T25:00:00Z", "unreadable"],
    ["2026-03-03T10:61:00Z", "unreadable"],
    ["2026-03-03T10:01:00+99:99", "unreadable"],
    ["2026-03-03T10:01:00 CET", "unreadable"],
    ["2026-03-03T", "unreadable"],
    ["2026-3-3", "unreadable"],
    ["2026-03", "unreadable"],
    ["2026", "unreadable"],
    [2026, "unreadable"],
    [0, "unreadable"],
    [1, "unreadable"],
    [-1772532060, "unreadable"],
    ["20260303", "unreadable"],
    ["03/04/2026", "unreadable"],
    ["3.3.2026", "unreadable"],
    ["Mar 3, 2026", "unreadable"],
    ["0001-01-01T00:00:00Z", "unreadable"],
    ["0000-00-00 00:00:00", "unreadable"],
    ["9999-12-31", "unreadable"],
    ["yesterday", "unreadable"],
    [true, "unreadable"],
    [["2026-03-03"], "unreadable"],
  ]);
});

describe("list", () => {
  const AB = ["a", "b"];
  table(list, [
    ...EMPTY,
    ...UNREADABLE,
    [[], []],
    [["a", "b"], AB],
    [[" a ", "b\u200b"], AB],
    [["a", null, "", " ", undefined, "b"], AB],
    [["a", "b", "a", " b"], AB],
    [
      ["a", 5],
      ["a", "5"],
    ],
    [["a, b"], ["a, b"]],
    [['"a"'], ['"a"']],
    [[null], []],
    ["a", ["a"]],
    ["Getting started", ["Getting started"]],
    ["a,b", AB],
    [" a , b ", AB],
    ["a;b", AB],
    ["a; b,", AB],
    ["a\nb", AB],
    ["a\r\nb\r\n", AB],
    ["a\tb\0", AB],
    [["a\tb"], AB],
    ["a,,b,a", AB],
    [",", []],
    ['["a","b"]', AB],
    [' ["a", "b"] ', AB],
    ['["a", null, ""]', ["a"]],
    ['["a", 5]', ["a", "5"]],
    ["[]", []],
    ['"[\\"a\\",\\"b\\"]"', AB],
    ['"a"', ["a"]],
    ['""', "absent"],
    ['["a", true]', "unreadable"],
    ['["a", ["b"]]', "unreadable"],
    ['["a"', "unreadable"],
    ["[a, b]", "unreadable"],
    ["{a,b}", "unreadable"],
    ['{"a": true}', "unreadable"],
    ['"a","b"', "unreadable"],
    [["a", true], "unreadable"],
    [["a", {}], "unreadable"],
    [["a", ["b"]], "unreadable"],
    [["a", Symbol("b")], "unreadable"],
    [["a", Number.NaN], "unreadable"],
    [{ a: true }, "unreadable"],
    [new Set(["a"]), "unreadable"],
    [true, "unreadable"],
    [5, "unreadable"],
    ["[".repeat(50_000), "unreadable"],
    ["[".repeat(50_000) + "]".repeat(50_000), "unreadable"],
  ]);
});

describe("optOuts", () => {
  table(optOuts, [
    ...EMPTY,
    ...UNREADABLE,
    ...[
      ...[true, 1, "true", "TRUE", "1", "yes", "Y", "t", "all", "All", " all ", ["all"], ["All"], [" all "], '["all"]'],
      ...[["all", null], "unsubscribed", "Opted out", "opted-out", "everything", "*", ["*"], ["yes"], "all,", '"all"'],
      ...["all topics", "Do not contact", "none, all", [1], "a\u200bll"],
    ].map((raw): Row => [raw, ["all"]]),
    ...[
      ...[false, 0, "false", "False", "0", "no", "n", "none", "None", "nothing", "null", "undefined", "NaN", "[]"],
      ...[[], [null], [""], '["none"]', "no, ", ",", "subscribed", [0], '"[]"'],
    ].map((raw): Row => [raw, []]),
    ...[
      ...[
        ["getting_started", "offers"],
        "getting_started, offers",
        "Getting started; Offers",
        "getting-started,offers",
      ],
      ...['["getting_started","offers"]', ["GETTING_STARTED", " offers", null], "getting_started\noffers"],
      ...[["getting_started, offers"], "Getting  Started,offers,offers", "getting - started, off\u00aders"],
    ].map((raw): Row => [raw, ["getting_started", "offers"]]),
    ["offers, all", ["offers", "all"]],
    ["offers\tall", ["offers", "all"]],
    [["offers\0all"], ["offers", "all"]],
    ["workflow:drop-off", ["workflow:drop-off"]],
    [
      [" Workflow: Drop-Off ", "drop-off"],
      ["workflow:drop-off", "drop_off"],
    ],
    ["workflow:drop off", ["workflow:drop-off"]],
    ["angebote für alle", ["angebote_für_alle"]],
    ...[
      ...[["offers", true], ["offers", {}], [["all"]], [true], { all: true }, '{"offers":true}', "{offers}", "[offers"],
      ...[
        2,
        "2",
        -1,
        1772532060,
        "2026-03-03",
        "2026-03-03T10:01:00Z",
        "offers|tips",
        "offers/tips",
        "'all'",
        "- offers",
      ],
      ...["on", "off", "never", "-", "?", "please, don't write", "<none>", ['["all"]'], "workflow:"],
    ].map((raw): Row => [raw, "unreadable"]),
  ]);

  it("spells a topic as its entry", () => {
    for (const key of ["getting_started", "workflow:drop-off", "all"]) expect(optOutKey(key)).toBe(key);
    expect(optOutKey(" Product-News ")).toBe("product_news");
  });
});

describe("lowerCase", () => {
  table(lowerCase(text), [
    [" Pro ", "pro"],
    ["PRO ANNUAL", "pro annual"],
    ["ÄRGER", "ärger"],
    [5, "5"],
    [" ", "absent"],
    [true, "unreadable"],
  ]);
  table(lowerCase(list), [
    [
      ["Reports", "reports", "ALERTS"],
      ["reports", "alerts"],
    ],
    ["Reports;Alerts", ["reports", "alerts"]],
    [null, "absent"],
    ["{", "unreadable"],
  ]);
});

describe.each(Object.entries(TYPES))("%s", (_name, type) => {
  it("never throws, and reads its own values as they are", () => {
    for (const raw of [...ODD, ...randomValues(3_000)]) {
      const reading = type(raw);
      if (typeof reading !== "string") expect(type(reading.value)).toEqual(reading);
      else expect(["absent", "unreadable"]).toContain(reading);
    }
  });

  it("takes no longer than it has to for a text that is huge", { timeout: 20_000 }, () => {
    const size = 500_000;
    for (const [start, unit, end] of [
      ["a", " ", "a"],
      ["a", "\u200b", "a"],
      ["a", " \n", ":"],
      ["2026-03-03", " ", "x"],
      ["2026-03-03 10:01", " ", "x"],
      ["", "1", "x"],
      ["", "a-", "!"],
      ["", "a,", ""],
      ["[", '"a",', '"a"]'],
      ["a@", "b.", ""],
    ]) {
      const reading = type(`${start}${unit?.repeat(size)}${end}`);
      if (typeof reading !== "string") expect(type(reading.value)).toEqual(reading);
    }
  });
});

/** The same values each time. */
function randomValues(count: number): unknown[] {
  const pieces = [
    ...["a", "Pro", "all", "none", "İ", "ΑΣ", "ß", "5", "1772532060", "2026", "-03-03", "T10:01:00", "Z", "+02:00"],
    ...[" ", "\n", "\0", "\u00a0", "\u200b", "\u00ad", "\u2800", "\ufe0f", "\u{e0020}", "\u3164", "\ud83d", "💥", "é"],
    ...[",", ";", ":", "-", "_", "[", "]", "{", '"', "\\", ".", "e3", "@", "example.com", "workflow:", "true", "null"],
  ];
  let state = 20260302;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const words = () => Array.from({ length: below(6) }, () => pieces[below(pieces.length)]).join("");
  const value = (depth: number): unknown => {
    const kind = below(10);
    if (kind < 5) return words();
    if (kind === 5) return [true, false, null, undefined, Number.NaN, -0][below(6)];
    if (kind === 6) return below(2 ** 32) * 10 ** (below(20) - 10);
    if (depth > 2) return words();
    if (kind === 7) return { [words()]: value(depth + 1) };
    const entries = Array.from({ length: below(4) }, () => value(depth + 1));
    return kind === 8 ? entries : JSON.stringify(entries);
  };
  return Array.from({ length: count }, () => value(0));
}
