import type { Request } from "express";
import type { Locale, Locales } from "../contracts/locale.ts";
import { matchLocale } from "../lib/locale.ts";

/** The locale of the page: that of the message with the link, or else the first of the browser's that matches one. */
export function readerLocale(request: Request, ofMessage: string | undefined, locales: Locales): Locale {
  const wanted = [ofMessage ?? [], request.acceptsLanguages()].flat();
  const [{ locale }] = [...wanted.flatMap((one) => matchLocale(one, locales) ?? []), locales[0]];
  return locale;
}
