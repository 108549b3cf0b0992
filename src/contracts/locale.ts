import type { Locale, Texts } from "../../emails/_components/locales.ts";

export type { Locale, Texts };

/** A locale of the messages, with its direction of writing. */
export interface LocaleFacts {
  locale: Locale;
  dir: "ltr" | "rtl";
}

/** The locales of the messages, the fallback first. */
export type Locales = readonly [LocaleFacts, ...LocaleFacts[]];

/** One text for all locales, or a text for each. */
export type Text = string | Texts;

export function textIn(text: Text, locale: Locale): string {
  return typeof text === "string" ? text : text[locale];
}
