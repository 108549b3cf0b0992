import isEmail from "validator/lib/isEmail.js";
import type { NovuSubscriber } from "./state.ts";

/** `IsLocale` of older validator releases; newer ones accept "german" too. */
const LOCALE = /^[a-z]{2,4}([_-]([a-z]{4}|\d{3}))?([_-]([a-z]{2}|\d{3}))?$/i;

/** Novu's messages about invalid fields of a subscriber, as class-validator writes them. */
export function messagesOnFields({
  email,
  locale,
  timezone,
}: Partial<Record<keyof NovuSubscriber, unknown>>): string[] {
  return [
    ...(isAccepted(email, isEmail.default) ? [] : ["email must be an email"]),
    ...(isAccepted(locale, (text) => LOCALE.test(text)) ? [] : ["locale must be locale"]),
    ...(isAccepted(timezone, isKnownToIntl) ? [] : ["timezone must be a valid IANA time-zone"]),
  ];
}

/** Also for null and undefined. */
function isAccepted(value: unknown, isValid: (text: string) => boolean): boolean {
  return value === undefined || value === null || (typeof value === "string" && isValid(value));
}

function isKnownToIntl(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat(undefined, { timeZone });
    return true;
  } catch {
    return false;
  }
}
