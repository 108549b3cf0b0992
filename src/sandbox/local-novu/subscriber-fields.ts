import isEmail from "validator/lib/isEmail.js";
import type { NovuSubscriber } from "./state.ts";

/** As `IsLocale` had it for long; later releases of validator take "german" as well. */
const LOCALE = /^[a-z]{2,4}([_-]([a-z]{4}|\d{3}))?([_-]([a-z]{2}|\d{3}))?$/i;

/** Novu's messages on the fields of a subscriber that it does not take, as class-validator words them; none if it takes all. */
export function messagesOnFields({
  email,
  locale,
  timezone,
}: Partial<Record<keyof NovuSubscriber, unknown>>): string[] {
  return [
    ...(isTaken(email, isEmail.default) ? [] : ["email must be an email"]),
    ...(isTaken(locale, (text) => LOCALE.test(text)) ? [] : ["locale must be locale"]),
    ...(isTaken(timezone, isKnownToIntl) ? [] : ["timezone must be a valid IANA time-zone"]),
  ];
}

/** A field that is null or left out is not looked at. */
function isTaken(value: unknown, isValid: (text: string) => boolean): boolean {
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
