import { describe, expect, it } from "vitest";
import { matchLocale } from "../../../src/lib/locale.ts";

const locales = (...tags: string[]) => tags.map((locale) => ({ locale }));

describe("the locale for a written one", () => {
  it.each<[written: string, of: string[], expected: string | undefined]>([
    ["de", ["en", "de"], "de"],
    ["de-AT", ["en", "de"], "de"],
    ["DE_de", ["en", "de"], "de"],
    [" de ", ["en", "de"], "de"],
    ["de", ["en", "de-AT"], "de-AT"],
    ["de-CH", ["de-AT", "de-CH"], "de-CH"],
    ["de-DE", ["de-AT", "de-CH"], "de-AT"],
    ["pt-PT", ["en", "pt-BR"], "pt-BR"],
    // The former code of Hebrew.
    ["iw-IL", ["en", "he"], "he"],
    ["zh-Hant", ["zh", "zh-Hant"], "zh-Hant"],
    ["zh-TW", ["zh", "zh-Hant"], "zh-Hant"],
    ["zh-CN", ["zh-Hant", "zh"], "zh"],
    ["zh-Hant", ["en", "zh"], "zh"],
    ["fr", ["en", "de"], undefined],
    ["den", ["en", "de"], undefined],
    ["german", ["en", "de"], undefined],
    ["", ["en", "de"], undefined],
    ["d", ["en", "de"], undefined],
    ["5", ["en", "de"], undefined],
    ["de; en", ["en", "de"], undefined],
    ["[object Object]", ["en", "de"], undefined],
    ["*", ["en", "de"], undefined],
    ["de@example.com", ["en", "de"], undefined],
    ["de.example", ["en", "de"], undefined],
  ])("%j of %j is %j", (written, of, expected) => {
    expect(matchLocale(written, locales(...of))?.locale).toBe(expected);
  });
});
