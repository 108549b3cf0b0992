import fc from "fast-check";
import { PROPERTY_NAMES } from "../../src/contracts/person.ts";

/** A word that the product never writes: in a log it can only come from a person. */
export const MARK = "zebra";

/** Topics or `workflow:…`; unreadable opt-outs count for all messages. */
export type OptOuts = string[] | "unreadable";
/** Whether a property prevents a message. */
export type Answer = "no" | "yes" | "unreadable";

/** A person as a source has them, and the meaning of the properties, without the product's own reading. */
export interface OddPerson {
  raw: Record<string, unknown>;
  /** null without a usable address. */
  address: string | null;
  optOuts: OptOuts;
  isPro: Answer;
  /** After `HAPPENS_AT`. */
  hasBought: Answer;
  isSetUp: Answer;
}

/** The generated purchases are before or after it. */
export const HAPPENS_AT = "2026-03-02T09:00:00.000Z";

interface Form {
  /** Absent when undefined. */
  raw: unknown;
  means: unknown;
}
/** NAME in a text stands for a value that is unique to one person at one time. */
type Forms = Array<[weight: number, means: unknown, raws: unknown[]]>;

const NESTED = { a: { b: [[{ [MARK]: [[[MARK]]] }]] } };
const HUGE = `${MARK} `.repeat(3_000);
/** A lone surrogate. */
const HALF = "\ud83d";

const REACHABLE = [
  ...["NAME@example.com", "NAME@example.com ", " NAME@example.com", "\tNAME@example.com\r\n", "NAME@example.com\0"],
  ...["\u200bNAME@example.com", "NAME@example.com\u202c", "\ufeffNAME@example.com", "NAME@example.com\u00a0"],
  ...[
    "\u3000NAME@example.com\u2060",
    "\u200eNAME@example.com\u2800",
    "NAME\u200b@exam\u00adple.com",
    "NAME@EXAMPLE.COM",
  ],
  ...["r&d.NAME@example.com", "o'brien.NAME@example.com", "NAME+tag@mail.example.co.uk", "jörg.NAME@example.com"],
  ...["NAME@bücher.example", "NAME@xn--e1afmkfd.xn--p1ai", "用户.NAME@例子.公司"],
];
const NO_ADDRESS = [undefined, null, "", "  ", "\t\r\n", "\u200b", "\ufeff\u00ad\u3000"];
const UNUSABLE = [
  ...[
    0,
    42,
    true,
    false,
    [],
    ["NAME@example.com"],
    {},
    { email: "NAME@example.com" },
    NESTED,
    HUGE,
    `${HUGE}@example.com`,
  ],
  ...[
    "NAME",
    "@",
    "NAME@",
    "@example.com",
    "NAME@localhost",
    "NAME@127.0.0.1",
    "NAME..l@example.com",
    ".NAME@example.com",
  ],
  ...[
    "Zoe <NAME@example.com>",
    "mailto:NAME@example.com",
    "NAME@example.com, x@example.com",
    "NAME@example.com;x@b.co",
  ],
  ...["NAME x@example.com", "NAME@example.com\nBcc: x@example.com", "NA\0ME@example.com", `NAME${HALF}@example.com`],
  ...["null", "undefined", "[object Object]", "NAME@exam_ple.com", '"NAME\nx"@example.com', "NAME at example.com"],
];

const NO_OPT_OUTS = [
  ...[
    undefined,
    null,
    "",
    "  ",
    "\u200b",
    [],
    "[]",
    [null],
    [""],
    ["\u200b"],
    ",",
    false,
    "false",
    0,
    "0",
    "no",
    "None",
  ],
  ...[
    "nothing",
    ["none"],
    "subscribed",
    "opted in",
    ["product_tips"],
    "Tips and features",
    "getting_started;product_tips",
  ],
  ...['["product_tips"]', ["workflow:another"], `${MARK}_news`, [`${MARK}-news`, "product_tips"], [HUGE.slice(0, 90)]],
];
const ALL_OPT_OUTS = [
  ...["all", "All", " ALL ", ["all"], ["All "], '["all"]', '"all"', "\u200ball", "a\u200bll", "all\0", ["all", null]],
  ...[true, "true", "TRUE", 1, "1", "yes", [1], "everything", "*", ["*"], "unsubscribed", "Opted out", "opt-out"],
  ...["do not contact", "unsubscribe all", "all topics", "product_tips, all", "none, all", [`${MARK}_news`, "all"]],
  ...["product_tips\tall", "product_tips\0all"],
];
const OFFERS_OPT_OUT = [
  ...["offers", "Offers", " offers\n", ["offers"], ["OFFERS", null], "offers;product_tips", "getting_started, offers"],
  ...[
    '["offers"]',
    '"[\\"offers\\"]"',
    "Plans and offers",
    ["plans-and-offers"],
    "\u200boff\u00aders",
    "offers\nproduct_tips",
  ],
  ...["getting_started\toffers", `${MARK}_news, offers`, ["product_tips, offers"]],
];
const UNREADABLE_OPT_OUTS = [
  ...[
    {},
    { offers: true },
    { [MARK]: MARK },
    NESTED,
    [["offers"]],
    [{}],
    [true],
    [false],
    ["offers", {}],
    5,
    -1,
    3.7,
    1e21,
  ],
  ...[
    "[offers",
    "{",
    '{"offers":true}',
    "2026-03-02",
    "on",
    "off",
    "never",
    "offers|reminders",
    "offers/reminders",
    "- offers",
  ],
  ...[
    "👍",
    `${MARK}!`,
    `${HUGE}!`,
    HALF,
    `offers, ${HALF}`,
    "please, don't write",
    "?",
    `<${MARK}>`,
    "[".repeat(5_000),
  ],
];

const FORMS: Record<string, Forms> = {
  email: [
    ...REACHABLE.map((raw): Forms[number] => [4, visible(raw), [raw]]),
    [10, null, NO_ADDRESS],
    [20, null, UNUSABLE],
  ],
  unsubscribed_from: [
    [50, [], NO_OPT_OUTS],
    [12, ["all"], ALL_OPT_OUTS],
    [9, ["offers"], OFFERS_OPT_OUT],
    [4, ["reminders"], ["reminders", ["Reminders"], "Reminders of what you left open", "reminders;product_tips"]],
    [4, ["workflow:nudges"], ["workflow:nudges", ["Workflow: Nudges"]]],
    [3, ["offers", "reminders"], ["offers, reminders", ["reminders", "offers"], "Offers\r\nReminders"]],
    [18, "unreadable", UNREADABLE_OPT_OUTS],
  ],
  plan: [
    [60, "no", [undefined, null, "", " ", "\u200b", "free", "Trial", "trial\0", "pro plus", "プロ"]],
    [20, "no", [5, 0, -1.5, 1e21, MARK, HUGE]],
    [10, "yes", ["pro", "Pro", " PRO ", "pro\u200b", "\ufeffpro", "pro\r\n", "\u00a0pRo\u2060"]],
    [10, "unreadable", [true, false, [], ["pro"], [null], {}, { plan: "pro" }, NESTED, HALF, `pro${HALF}`, [[]]]],
  ],
  onboarding_completed: [
    [80, "no", [undefined, null, "", " ", "\u200b", false, 0, "false", "False ", "0", "no", "OFF", "f", "n\u200b"]],
    [10, "yes", [true, 1, "true", "True ", "1", "yes", "Y", "on", "t", "\ufefftrue\u200b"]],
    [
      10,
      "unreadable",
      ["maybe", 2, -1, 0.5, "done", [], [true], {}, NESTED, HUGE, HALF, MARK, "2026-03-02", "true!", "tr\0ue"],
    ],
  ],
  last_purchase_at: [
    [
      80,
      "no",
      [undefined, null, "", " ", "\u200b", ...purchases("2026-03-02T08:30:00.000Z"), "2026-03-01", "1998-05-01"],
    ],
    [10, "yes", purchases("2026-03-02T10:01:00.000Z")],
    [5, "yes", ["2026-03-02", " 2026-03-02\u200b", "2026-03-05"]],
    [5, "unreadable", ["yesterday", "03/04/2026", "2026-02-30", "2026-3-3", "2026", "20260303", "Mar 3, 2026"]],
    [5, "unreadable", ["9999-12-31", "2026-03-03T25:00:00Z", "0000-00-00 00:00:00", 0, 1, -1, 1e15, HUGE, HALF]],
    [2, "unreadable", [true, false, [], ["2026-03-03"], {}, NESTED]],
  ],
};

/** None of them prevents a message. */
const ANY: Forms = [
  [
    1,
    null,
    [undefined, null, "", " ", "\t\r\n", "\u200b", "\0", MARK, ` ${MARK}\u202e`, `${MARK}\0${MARK}`, HUGE, HALF],
  ],
  [1, null, [0, -1, 1e21, 0.1, 1772532060, true, false, [], {}, [null], [MARK], [[MARK]], [MARK, 5, true], NESTED]],
  [
    1,
    null,
    ["null", "undefined", "[object Object]", "[", '{"a":1}', `["${MARK}"]`, "2026-03-02", "👩\u200d🚀", "山田 太郎"],
  ],
  [1, null, ["en-US", "de_DE", "Asia/Tokyo", "America/New_York", "Mars/Olympus_Mons", "UTC", "CST", "+49 151 23456"]],
  [1, null, ["https://a.example/x.png", "javascript:alert(1)", "<b>NAME</b>", "{{subscriber.email}}", "$NAME", "%s%n"]],
  [1, null, ["'; drop table runs; --", "a, b; c\nd", "\\u0000", "yesterday"]],
];

/** The spellings of a property. An empty one with the right name may come before or after it. */
const SPELLINGS: Array<(name: string, raw: unknown) => Array<[string, unknown]>> = [
  ...Array.from({ length: 8 }, () => asDeclared),
  (name, raw) => asDeclared(capital(name), raw),
  (name, raw) => asDeclared(name.toUpperCase(), raw),
  (name, raw) => asDeclared(` ${name}`, raw),
  (name, raw) => [...asDeclared(name, null), ...asDeclared(capital(name), raw)],
  (name, raw) => [...asDeclared(capital(name), raw), ...asDeclared(name, null)],
  (name, raw) => [...asDeclared(capital(name), raw), ...asDeclared(name, " ")],
];

interface Property extends Form {
  entries: Array<[string, unknown]>;
}
type Draft = Record<string, (name: string) => Property>;

/** One person at three times: now, in an older event, and after a change without an event. */
export interface OddLife {
  distinctId: string;
  now: OddPerson;
  snapshot: OddPerson;
  later: OddPerson;
}

/** The same people for the same seed. */
export function oddLives(count: number, seed: number): OddLife[] {
  const draft = fc.record(Object.fromEntries(PROPERTY_NAMES.map((name) => [name, property(name)])));
  const changed = fc.subarray(PROPERTY_NAMES);
  const drafts = fc.sample(fc.tuple(draft, draft, draft, changed), { seed, numRuns: count });
  return drafts.map(([now, snapshot, later, names], index) => {
    const distinctId = `person-${index}`;
    const before = written(now, `${MARK}.${index}.now`);
    const after = written(later, `${MARK}.${index}.later`);
    const changes = Object.fromEntries(Object.entries(after).filter(([name]) => names.some((one) => one === name)));
    return {
      distinctId,
      now: personOf(before),
      snapshot: personOf(written(snapshot, `${MARK}.${index}.snapshot`)),
      later: personOf({ ...before, ...changes }),
    };
  });
}

function property(name: string): fc.Arbitrary<Draft[string]> {
  const forms = (FORMS[name] ?? ANY).map(([weight, means, raws]) => ({
    weight,
    arbitrary: fc.constantFrom(...raws).map((raw) => ({ raw, means })),
  }));
  return fc.tuple(fc.oneof(...forms), fc.constantFrom(...SPELLINGS)).map(([form, spelled]) => (unique) => {
    const raw = filled(form.raw, unique);
    return { raw, means: filled(form.means, unique), entries: raw === undefined ? [] : spelled(name, raw) };
  });
}

function written(draft: Draft, unique: string): Record<string, Property> {
  return Object.fromEntries(Object.entries(draft).map(([name, write]) => [name, write(unique)]));
}

function personOf(properties: Record<string, Property>): OddPerson {
  const meant = (name: string) => properties[name]?.means;
  return {
    raw: Object.fromEntries(Object.values(properties).flatMap(({ entries }) => entries)),
    address: meant("email") as string | null,
    optOuts: meant("unsubscribed_from") as OptOuts,
    isPro: meant("plan") as Answer,
    hasBought: meant("last_purchase_at") as Answer,
    isSetUp: meant("onboarding_completed") as Answer,
  };
}

/** One time in different formats. */
function purchases(iso: string): unknown[] {
  const [day, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  const seconds = Date.parse(iso) / 1000;
  const inBerlin = new Date(Date.parse(iso) + 3_600_000).toISOString().slice(0, 19);
  return [
    ...[
      iso,
      `${day}T${time}Z`,
      ` ${day}T${time}Z\u200b`,
      `${day} ${time}`,
      `${day} ${time} UTC`,
      `${day}T${time.slice(0, 5)}`,
    ],
    ...[
      `${inBerlin}+01:00`,
      `${day} ${time}.123456+00`,
      seconds,
      seconds * 1000,
      String(seconds),
      ` ${seconds * 1000} `,
    ],
  ];
}

function asDeclared(name: string, raw: unknown): Array<[string, unknown]> {
  return [[name, raw]];
}

/** Without invisible characters. */
function visible(text: string): string {
  return text.replace(/[\s\0\u00ad\u200b\u200e\u202c\u2060\u2800\ufeff]/g, "");
}

function capital(name: string): string {
  return name.replace(/[a-z]/, (letter) => letter.toUpperCase());
}

function filled(value: unknown, unique: string): unknown {
  if (typeof value === "string") return value.replace("NAME", unique);
  if (Array.isArray(value)) return value.map((one) => filled(one, unique));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, unique)]));
}
