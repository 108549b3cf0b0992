import isEmail from "validator/lib/isEmail.js";

/** The characters of this id that Novu refuses where it checks subscriber ids. An email address may have any. */
export function refusedCharacters(subscriberId: string): string[] {
  if (isEmail.default(subscriberId)) return [];
  return [...new Set(subscriberId.match(/[^\w:.-]/gu) ?? [])];
}

/** The characters that such a Novu allows, for a message to people. */
export const ALLOWED_CHARACTERS = "letters a to z, digits, _ : . and -, or an email address";
