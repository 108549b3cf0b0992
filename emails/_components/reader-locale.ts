import { createContext, useContext } from "react";
import { LOCALES, type Locale } from "./locales.ts";

/**
 * The locale of an email's reader, and its direction of writing. The app sets this context around each email. An email
 * without `texts` is in the fallback. Previews show the fallback.
 */
export const ReaderLocale = createContext<{ locale: Locale; dir: "ltr" | "rtl" }>(LOCALES[0]);

export function useReaderLocale(): { locale: Locale; dir: "ltr" | "rtl" } {
  return useContext(ReaderLocale);
}

type Fallback = (typeof LOCALES)[0]["locale"];

/** The texts of an email, or of a part of one, in the reader's locale. Each locale has the texts of the fallback. */
export function useTexts<Value>(of: { texts: Record<Fallback, Value> & Record<Locale, NoInfer<Value>> }): Value {
  return of.texts[useReaderLocale().locale];
}
