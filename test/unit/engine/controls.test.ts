import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Locale, Texts } from "../../../src/contracts/locale.ts";
import {
  controlsIn,
  controlsPerLocale,
  noteControls,
  subjectControl,
  textControl,
} from "../../../src/engine/controls.ts";
import { publishedControls } from "../../../src/engine/novu-schema.ts";
import { LOCALES, texts } from "../../support/product/locales.ts";

const HE = "he" as Locale;
const text = (title: string, said: string) => ({ type: "string", title, default: said });
const atNovu = (controls: z.ZodObject, locales = LOCALES) =>
  publishedControls(controlsPerLocale(controls, locales)).properties;

describe("the controls of a message with a text for each locale", () => {
  const controls = noteControls(texts({ en: "Hello", he: "שלום" }), texts({ en: "Go on", he: "להמשך" })).extend({
    proof: textControl("Proof", texts({ he: "הוכחה", en: "A proof" })),
    count: z.number().default(1),
  });

  it("are one for each locale, the fallback's under its own name", () => {
    expect(atNovu(controls)).toEqual({
      subject: text("Subject", "Hello"),
      body: text("Text", "Go on"),
      proof: text("Proof", "A proof"),
      count: { type: "number", default: 1 },
      subject_he: text("Subject (he)", "שלום"),
      body_he: text("Text (he)", "להמשך"),
      proof_he: text("Proof (he)", "הוכחה"),
    });
  });

  it("keep the names that they have with one locale, also when another becomes the fallback", () => {
    const [en, he] = LOCALES;
    expect(atNovu(controls, [en])).toMatchObject({
      subject: text("Subject", "Hello"),
      proof: text("Proof", "A proof"),
    });
    expect(Object.keys(atNovu(controls, [en]) ?? {})).toEqual(["subject", "body", "proof", "count"]);
    expect(atNovu(controls, [he!, en])).toMatchObject({
      subject: text("Subject", "שלום"),
      subject_en: text("Subject (en)", "Hello"),
    });
  });

  it("are in a message those of its locale, and the code's where Novu has none", () => {
    const values = {
      subject: "Hello!",
      subject_he: "שלום!",
      body: "On",
      proof: "P",
      proof_he: "ה",
      count: 2,
      send: true,
    };
    expect(controlsIn(HE, values, controls, LOCALES)).toMatchObject({
      subject: "שלום!",
      body: "להמשך",
      proof: "ה",
      count: 2,
      send: true,
    });
    expect(controlsIn("en", values, controls, LOCALES)).toEqual(values);
  });

  it("are one control where one text is for all locales", () => {
    expect(atNovu(subjectControl("Hello"))).toEqual({ subject: text("Subject", "Hello") });
    expect(controlsIn(HE, { subject: "Hello" }, subjectControl("Hello"), LOCALES)).toEqual({ subject: "Hello" });
    expect(controlsIn(HE, { send: true }, undefined, LOCALES)).toEqual({ send: true });
  });

  it("have a suffix that a template can name", () => {
    const [en] = LOCALES;
    const brazil = [en, { locale: "pt-BR", dir: "ltr" }] as unknown as typeof LOCALES;
    const subject = { en: "Hello", "pt-BR": "Olá" } as unknown as Texts;
    expect(atNovu(subjectControl(subject), brazil)).toMatchObject({ subject_pt_BR: text("Subject (pt-BR)", "Olá") });
  });

  it("leave no two controls with one name", () => {
    const twice = subjectControl(texts({ en: "Hello", he: "שלום" })).extend({ subject_he: z.string() });
    expect(() => controlsPerLocale(twice, LOCALES)).toThrow('"subject_he" is the control of a locale; rename');
  });

  it("need a text in each locale", () => {
    // @ts-expect-error a text is missing
    expect(subjectControl({})).toBeDefined();
    const some: Partial<Texts> = {};
    // @ts-expect-error a text may be missing
    expect(subjectControl(some)).toBeDefined();
  });
});
