import { describe, expect, it } from "vitest";
import type { Locales } from "../../../src/contracts/locale.ts";
import { readPerson } from "../../../src/contracts/person.ts";
import { localeOf, localeOfRun } from "../../../src/engine/locale.ts";
import type { RunContext } from "../../../src/engine/run-context.ts";
import { LOCALES } from "../../support/product/locales.ts";

describe("the locale of a person's messages", () => {
  it.each<[written: unknown, expected: string]>([
    ["he", "he"],
    ["he-IL", "he"],
    [" HE_il ", "he"],
    ["en-GB", "en"],
    ["fr", "en"],
    ["hebrew", "en"],
    ["", "en"],
    [null, "en"],
    [undefined, "en"],
    [5, "en"],
    [true, "en"],
    [["he"], "en"],
    [{ language: "he" }, "en"],
  ])("with %j as property is %s", (written, expected) => {
    const { properties } = readPerson({ locale: written });
    expect(localeOf([properties.locale], LOCALES).locale).toBe(expected);
  });

  type Written = string | undefined;
  it.each<[name: string, own: Written, atNovu: Written, ofEvent: Written, isTest: boolean, expected: string]>([
    ["is the person's", "he", "en_US", "en", false, "he"],
    ["is the subscriber's where the person has none", undefined, "he_IL", "en", false, "he"],
    ["is the subscriber's where the person's matches none", "fr", "he_IL", "en", false, "he"],
    ["is the browser's where neither has one", undefined, undefined, "he-IL", false, "he"],
    ["is the subscriber's in a test", "he", "en_US", undefined, true, "en"],
    ["is the person's in a test of a subscriber without one", "he", undefined, undefined, true, "he"],
    ["is the fallback where nobody has one", undefined, undefined, undefined, false, "en"],
  ])("%s", async (_name, locale, novuLocale, ofEvent, isTest, expected) => {
    const person = async () => ({ ...readPerson({ locale }), distinctId: "ada", source: "posthog" as const });
    const context = { run: { isTest, locale: ofEvent }, deps: { locales: LOCALES }, person, novuLocale } as RunContext;
    expect((await localeOfRun(context)).locale).toBe(expected);
  });

  it("is the only one of a product with one", () => {
    const [only] = LOCALES;
    expect(localeOf(["he", undefined], [only] satisfies Locales)).toBe(only);
  });
});
