import { describe, expect, it } from "vitest";
import { greetingName, lastName, shownName } from "../../../src/lib/names.ts";

describe("a person with a name", () => {
  it.each<[name: string | undefined, first: string | undefined, last: string | undefined]>([
    ["Ada Lovelace", "Ada", "Lovelace"],
    ["Ada King Lovelace", "Ada", "King Lovelace"],
    ["  Ada \u00a0 Lovelace ", "Ada", "Lovelace"],
    ["Ada", "Ada", undefined],
    ["ada", "ada", undefined],
    ["ada lovelace", "ada", "lovelace"],
    ["ADA LOVELACE", "ADA", "LOVELACE"],
    ["test", "test", undefined],
    ["Jean-Luc Picard", "Jean-Luc", "Picard"],
    ["O'Brien", "O'Brien", undefined],
    ["Miles O’Brien", "Miles", "O’Brien"],
    ["María José", "María", "José"],
    ["María José de la Cruz", "María", "José de la Cruz"],
    ["ludwig mies van der rohe", "ludwig", "mies van der rohe"],
    ["Zoë Ðorđe", "Zoë", "Ðorđe"],
    ["Nan Goldin", "Nan", "Goldin"],
    ["Na Li", "Na", "Li"],
    ["Elizabeth II", "Elizabeth", "II"],
    ['"Ada Lovelace"', "Ada", "Lovelace"],

    // Other scripts; where the family comes first, all of the name.
    ["山田太郎", "山田太郎", undefined],
    ["山田 太郎", "山田 太郎", undefined],
    ["김철수", "김철수", undefined],
    ["محمد علي", "محمد", "علي"],
    ["\u200fעדה לאבלייס\u200f", "עדה", "לאבלייס"],
    ["\u2068Ada\u2069 Lovelace", "Ada", "Lovelace"],
    ["سارا\u200cها", "سارا\u200cها", undefined],
    ["अदा लवलेस", "अदा", "लवलेस"],

    // Emoji and signs beside a name.
    ["Ada 🚀", "Ada", undefined],
    ["🚀 Ada", "Ada", undefined],
    ["Ada🚀", "Ada🚀", undefined],
    ["Ada (Work)", "Ada", "(Work)"],
    ["🚀", undefined, undefined],

    // The family before a comma.
    ["Lovelace, Ada", "Ada", "Lovelace"],
    ["Lovelace,Ada King", "Ada", "King Lovelace"],
    ["van der Berg, Jan", "Jan", "van der Berg"],
    ["Lovelace, Dr. Ada", "Ada", "Lovelace"],
    ["Lovelace,", undefined, "Lovelace"],
    ["Lovelace, null", undefined, "Lovelace"],
    ["Ada Lovelace, PhD", "Ada", "Lovelace"],
    ["Lovelace, Ada, Jr.", "Ada", "Lovelace"],
    ["Ada, Bob, Carl", undefined, undefined],

    // Titles and initials.
    ["Dr. Ada Lovelace", "Ada", "Lovelace"],
    ["Prof. Dr. Ada Lovelace", "Ada", "Lovelace"],
    ["mr john smith", "john", "smith"],
    ["Dr. Lovelace", "Dr. Lovelace", undefined],
    ["Frau Dr. Müller", "Frau Dr. Müller", undefined],
    ["Dr.", undefined, undefined],
    ["Prof. Dr.", undefined, undefined],
    ["Lovelace, Dr.", undefined, "Lovelace"],
    ["A. Lovelace", undefined, "Lovelace"],
    ["J", "J", undefined],

    // Placeholders.
    ["null null", undefined, undefined],
    ["Null", undefined, undefined],
    ["undefined", undefined, undefined],
    ["undefined undefined", undefined, undefined],
    ["N/A", undefined, undefined],
    ["n.a.", undefined, undefined],
    ["NaN", undefined, undefined],
    ["none", undefined, undefined],
    ["Unknown", undefined, undefined],
    ["-", undefined, undefined],
    ["- -", undefined, undefined],
    ['"null"', undefined, undefined],
    ["", undefined, undefined],
    ["  ", undefined, undefined],
    ["\u200b", undefined, undefined],
    [undefined, undefined, undefined],
    ["Ada null", "Ada", undefined],
    ["Ada N/A", "Ada", undefined],
    ["null Lovelace", undefined, "Lovelace"],
    ["- Lovelace", undefined, "Lovelace"],
  ])("%j is greeted as %j, with the last name %j", (name, first, last) => {
    expect([greetingName({ name }), lastName(name)]).toEqual([first, last]);
  });
});

describe("a text that is not a name", () => {
  it.each([
    "ada@example.com",
    "https://evil.example/win",
    "evil.example",
    "EVIL.EXAMPLE",
    "Ada evil.example",
    "www.evil.example",
    "ev\u200dil.ex\u200dample",
    "evil.\u00adexample",
    "ｅｖｉｌ．ｅｘａｍｐｌｅ",
    "evil。example",
    "evil․example",
    "\u202eelpmaxe.live",
    "Claim your 500 EUR prize now: https://evil.example/win",
    "Congratulations you have won",
    "Congratulations",
    "You Have Won",
    "Click here now",
    "Sie haben gewonnen",
    "you get a lot of it",
    "Ada Bea Cleo Dora Eva Fay",
    "Ada!",
    "Is it you?",
    "Ada; Bob",
    "Ada <b>",
    "{{first_name}}",
    "*|FNAME|*",
    "[name]",
    "ada_lovelace",
    "first_name",
    "100% off",
    "Ada & Bob",
    "€ for you",
    "42",
    "+49 1234",
    "٤٢",
    "Ada2",
    "Ada\nLovelace",
    "Ada\tLovelace",
    "Ada\u2028Lovelace",
    "Ada\0",
    "\u001b[31mAda",
    "half of \ud83d",
    "[object Object]",
    "A".repeat(41),
    `Ada${" Lovelace".repeat(5)}`,
    `Ada${" ".repeat(500)}`,
    "a".repeat(1_000_000),
  ])("%j is neither greeted by nor shown", (name) => {
    const isOneWord = name === "Congratulations";
    expect(greetingName({ name })).toBe(isOneWord ? name : undefined);
    expect(greetingName({ first_name: name })).toBe(isOneWord ? name : undefined);
    expect(shownName(name)).toBe(isOneWord ? name : undefined);
    expect(lastName(name)).toBeUndefined();
  });

  it.each([42, null, undefined, true, {}, ["Ada"], Symbol("Ada")])("%s is none to show", (value) => {
    expect(shownName(value)).toBeUndefined();
  });
});

describe("a first name", () => {
  it.each<[first: string | undefined, name: string | undefined, greeting: string | undefined]>([
    ["Ada", "Augusta King", "Ada"],
    ["Ada", undefined, "Ada"],
    [" Mary Ann ", "Mary Ann Evans", "Mary Ann"],
    ["María José", undefined, "María José"],
    ["Lovelace, Ada", undefined, "Ada"],
    ["null", "Ada Lovelace", "Ada"],
    ["", "Ada Lovelace", "Ada"],
    ["https://evil.example", "Ada Lovelace", "Ada"],
    ["J.", "Ada Lovelace", "Ada"],
    ["M. Night", undefined, "M. Night"],
    ["-", "N/A", undefined],
    [undefined, undefined, undefined],
  ])("%j comes before the name %j: %j", (first_name, name, greeting) => {
    expect(greetingName({ first_name, name })).toBe(greeting);
  });
});

describe("a name that is shown", () => {
  it.each([
    ["Ada Lovelace", "Ada Lovelace"],
    [" Ada \u00a0Lovelace\u200b", "Ada Lovelace"],
    ["Lovelace, Ada", "Lovelace, Ada"],
    ["Dr. Ada Lovelace", "Dr. Ada Lovelace"],
    ["J. R. R. Tolkien", "J. R. R. Tolkien"],
    ["María José de la Cruz", "María José de la Cruz"],
    ["山田 太郎", "山田 太郎"],
    ["Ada 🚀", "Ada 🚀"],
    ["Acme Inc.", "Acme Inc."],
    ["Ada null", "Ada"],
    ["null null", undefined],
    ["N/A", undefined],
    ["🚀", undefined],
    ["A".repeat(40), "A".repeat(40)],
  ])("%j as %j", (name, shown) => {
    expect(shownName(name)).toBe(shown);
  });
});
