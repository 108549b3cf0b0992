import { remembered } from "./remembered.ts";

/**
 * A locale as a person or a system writes it, such as "de-AT" or " DE_de "; undefined for no locale. Remembered,
 * because a new Intl.Locale takes some 10 µs.
 */
export const readLocale = remembered((written): Intl.Locale | undefined => {
  try {
    return new Intl.Locale(written.trim().replaceAll("_", "-"));
  } catch {
    return undefined;
  }
});

/** Remembered, because a match takes some 20 µs. */
const matchers = new WeakMap<readonly object[], (written: string) => unknown>();

/**
 * The one of `locales` for a written locale: the same locale, or else one of the same language, if possible in the same
 * script. Undefined if no language matches.
 */
export function matchLocale<One extends { locale: string }>(written: string, locales: readonly One[]): One | undefined {
  const match = matchers.get(locales) ?? remembered((one) => findLocale(one, locales));
  matchers.set(locales, match);
  return match(written) as One | undefined;
}

function findLocale<One extends { locale: string }>(written: string, locales: readonly One[]): One | undefined {
  const wanted = readLocale(written);
  if (wanted === undefined) return undefined;
  const { language, script } = wanted.maximize();
  const candidates = locales
    .map((one) => ({ one, own: readLocale(one.locale) }))
    .filter(({ own }) => own?.language === language);
  const best =
    candidates.find(({ own }) => own?.baseName === wanted.baseName) ??
    candidates.find(({ own }) => own?.maximize().script === script) ??
    candidates[0];
  return best?.one;
}
