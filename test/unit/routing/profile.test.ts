import { expect, it } from "vitest";
import { readPerson } from "../../../src/contracts/person.ts";
import { subscriberOf } from "../../../src/routing/profile.ts";
import { messagesOnFields } from "../../../src/sandbox/local-novu/subscribers.ts";

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
