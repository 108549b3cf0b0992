import isEmail from "validator/lib/isEmail.js";

/** The characters of a subscriber's id that a Novu which checks ids refuses, each once; an address may have any. */
export function refusedCharacters(subscriberId: string): string[] {
  if (isEmail.default(subscriberId)) return [];
  return [...new Set(subscriberId.match(/[^\w:.-]/gu) ?? [])];
}

/** Of which characters such a Novu takes ids, for people to read. */
export const ALLOWED_CHARACTERS = "letters a to z, digits, _ : . and -, or an email address";
