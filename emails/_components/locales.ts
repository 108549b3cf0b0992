/**
 * The locales of the messages, the fallback first. Yours to change: a text that is missing in a locale does not
 * compile. `locale` is a BCP 47 tag, such as de or pt-BR.
 */
export const LOCALES = [
  { locale: "en", dir: "ltr" },
  { locale: "de", dir: "ltr" },
] as const satisfies ReadonlyArray<{ locale: string; dir: "ltr" | "rtl" }>;

export type Locale = (typeof LOCALES)[number]["locale"];

/** The same in each locale: a text, or a group of texts. Those in a locale that is not in the list are not used. */
export type Texts<Value = string> = Record<Locale, Value> & Record<string, Value>;
