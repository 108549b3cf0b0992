import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { readPerson } from "../../../src/contracts/person.ts";
import { mergeOf, subscriberOf, whyNoPerson } from "../../../src/routing/person.ts";
import { messagesOnFields } from "../../../src/sandbox/local-novu/subscribers.ts";

const merge = (previousId: string) =>
  mergeOf({ distinctId: "ada", previousId, occurredAt: "2026-03-02T09:00:00.000Z" } as LifecycleEvent);

describe("a distinct id that stands for none", () => {
  it.each([
    // As PostHog has them, and empty ones.
    ...["anonymous", "GUEST", "distinctid", "distinct_id", "id", "not_authenticated", "Email", "undefined", "TRUE"],
    ...["[object Object]", "NaN", "None", "none", "null", "0", "", " ", "\t\n", "\u200b", '""', "''", '" "'],
    // No value, as programs write it.
    ...["NULL", "Null", "nil", "NIL", "n/a", "N/A", "unknown", "Unknown", "NONE", "UNDEFINED", "[OBJECT OBJECT]"],
    ...["-", "--", "—", ".", "...", "?", "()", "[]", "{}", "(null)", "<nil>", "<null>", "[null]", "{undefined}"],
    // In quotes.
    ...['"undefined"', '"\\"undefined\\""', "'null'", "`nil`", "“none”", "'0'", '"NaN"', '"guest"', ' "null" '],
    ...['"[object Object]"', '"n/a"', "\u200bundefined\ufeff"],
    // In each part.
    ...["null null", "undefined:undefined", "null|null", "undefined-undefined", "null_null", "undefinedundefined"],
    ...["undefined@undefined", "n/a n/a", "[object Object],[object Object]", "null:undefined", "none none none"],
    // Zeros.
    ...["00000000-0000-0000-0000-000000000000", "0".repeat(32), '"00000000-0000-0000-0000-000000000000"'],
    // Templates without values.
    ...["{{user.id}}", "{{ user.id }}", "{{{user.id}}}", `\${userId}`, "#{user.id}", "<user_id>", "<your distinct id>"],
    ...[
      "<%= user.id %>",
      "%USER_ID%",
      "%%user.id%%",
      "{user_id}",
      "[user_id]",
      '"{{user.id}}"',
      "{{user.id | default}}",
    ],
  ])("%j belongs to no person, and is no merge", (distinctId) => {
    expect(whyNoPerson({ distinctId })).toBe("the distinct id is a placeholder");
    expect(merge(distinctId)).toBeNull();
  });

  it("is none that PostHog gives to something else than a person", () => {
    expect(whyNoPerson({ distinctId: "$company_acme" })).toBe("the distinct id is not a person's");
    expect(merge("$company_acme")).toBeNull();
  });

  it("is none that no database keeps, however long it is", () => {
    for (const previousId of ["a\0b", "half of \ud83d", "a".repeat(201), `"${'"'.repeat(1_000_000)}a`])
      expect(merge(previousId)).toBeNull();
  });
});

describe("a distinct id that may be a person's", () => {
  it.each([
    ...[
      "ada",
      "42",
      "1",
      "00",
      "007",
      "10000000",
      "user_1042",
      "user_none",
      "null_island",
      "nilsson",
      "nila",
      "nonesuch",
    ],
    ...["unknown_soldier", "undefined_42", "guest_17", "anonymous-coward", "id-7", "true_north", "Nan", "na"],
    ...["ada@example.com", "null@example.com", "none@none.example", "o'brien@example.com", "auth0|64f1c2"],
    ...["google-oauth2|1093", "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44", "{0190F1D2-6A4B-7C1E-8F00-3B9F5C2D7E44}"],
    ...["00000000-0000-0000-0000-000000000001", "urn:user:42", "a", "ä", "山田", "💥", "x-💥", "cus_NffrFeUfNV2Hib"],
    ...["100%", "a%20b", "<ada@example.com>", "[42]", "a.b", "1e3", "-1", "_ada_", "user id"],
  ])("%j", (distinctId) => {
    expect(whyNoPerson({ distinctId })).toBeNull();
    expect(merge(distinctId)).toEqual(
      distinctId === "ada"
        ? null
        : { previousId: distinctId, currentId: "ada", occurredAt: "2026-03-02T09:00:00.000Z" },
    );
  });
});

const ODD = ["", " ", "german", "german_DE", "zz_ZZ", "en", "en-US", "pt_BR", "zh-Hans-CN", "es-419", "x-klingon", "C"];
const ZONES = ["Europe/Berlin", "Mars/Phobos", "CST", "+01:00", "UTC", "Etc/GMT+1", "GMT", "local"];

it("a subscriber has no field that Novu drops the run for", () => {
  const emails = [
    `${"a".repeat(64)}@example.com`,
    `${"a".repeat(65)}@example.com`,
    "ada@localhost",
    "a@b.co",
    "@",
    "ada",
  ];
  for (const [property, values] of [
    ["locale", ODD],
    ["$timezone", ZONES],
    ["$geoip_time_zone", ZONES],
    ["email", emails],
  ] as const)
    for (const value of values) {
      const subscriber = subscriberOf("ada", readPerson({ [property]: value }).properties);
      expect([value, messagesOnFields(subscriber)]).toEqual([value, []]);
    }
});

it.each([
  ["en-US", "en_US"],
  ["pt_BR", "pt_BR"],
  ["de", "de_DE"],
  ["es-419", "es_419"],
  ["german", undefined],
  ["german_DE", undefined],
])("the locale %s is %s at Novu", (locale, expected) => {
  expect(subscriberOf("ada", { locale }).locale).toBe(expected);
});
