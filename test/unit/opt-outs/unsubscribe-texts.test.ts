import { describe, expect, it } from "vitest";
import type { Locale } from "../../../src/contracts/locale.ts";
import type { OwnUnsubscribeTexts } from "../../../src/contracts/unsubscribe-texts.ts";
import { unsubscribeTextsIn } from "../../../src/opt-outs/unsubscribe-texts.ts";
import { UNSUBSCRIBE_TEXTS } from "../../support/product/locales.ts";

const NONE = {} as OwnUnsubscribeTexts;

describe("the texts of the unsubscribe page", () => {
  it.each([
    ["en", NONE, "Unsubscribe"],
    ["en-GB", NONE, "Unsubscribe"],
    ["de", NONE, "Abmelden"],
    ["de-AT", NONE, "Abmelden"],
    ["he", UNSUBSCRIBE_TEXTS, "הסרה מרשימת התפוצה"],
    ["de", { ...NONE, de: { unsubscribe: "Abbestellen" } } as object as OwnUnsubscribeTexts, "Abbestellen"],
  ])("in %s are the fork's, or else the engine's", (locale, own, expected) => {
    expect(unsubscribeTextsIn(locale as Locale, own).unsubscribe).toBe(expected);
  });

  it.each(["en", "de"])("in %s are complete", (locale) => {
    const { refusals, ...texts } = unsubscribeTextsIn(locale as Locale, NONE);
    const shown = Object.values(texts).map((text) => (typeof text === "function" ? text("NAME") : text));
    for (const text of [...shown, ...Object.values(refusals)]) expect(text).toMatch(/^[A-ZÄÖÜ].{3,}/);
    const named = Object.values(texts).flatMap((text) => (typeof text === "function" ? [text("NAME")] : []));
    for (const text of named) expect(text).toContain("NAME");
  });
});
