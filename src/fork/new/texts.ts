/** The code of a text: one text, or with several locales a text for each. Only the fallback's text needs no translation. */
export function textCode(text: string, locales: string[]): string {
  if (locales.length === 1) return JSON.stringify(text);
  const texts = locales.map((locale, index) => `${keyCode(locale)}: ${JSON.stringify(textIn(text, locale, index))}`);
  return `{ ${texts.join(", ")} }`;
}

/** A text with its locale behind it, so that a missing translation shows; the fallback comes first. */
export function textIn(text: string, locale: string, index: number): string {
  return index === 0 ? text : `${text} (${locale})`;
}

/** A locale as the key of an object. */
export function keyCode(locale: string): string {
  return /^\w+$/.test(locale) ? locale : JSON.stringify(locale);
}

/** "an email at once, and an in-app note a day later" */
export function listOf(parts: string[]): string {
  if (parts.length < 3) return parts.join(", and ");
  return `${parts.slice(0, -1).join(", ")}, and ${parts.at(-1)}`;
}

/** The code of an import. Biome sorts the imports of a file. */
export function importCode(names: string, from: string): string {
  return `import ${names} from ${JSON.stringify(from)};\n`;
}
