import { declaredIn, type PropertyName, readPerson } from "../../contracts/person.ts";
import { email } from "../../contracts/property-types.ts";
import { readLocale } from "../../lib/locale.ts";
import { greetingName, lastName, shownName } from "../../lib/names.ts";
import { isTimeZone } from "../../lib/time-zone.ts";
import { isObject } from "../../sources/event-fields.ts";

const NAMES = new Set<PropertyName>(["name", "first_name", "last_name"]);
/** Names that belong to nobody, and a text that no message shows as a name. */
const NAME = "Robin";
const LAST_NAME = "Example";
const FULL_NAME = `${NAME} ${LAST_NAME}`;
const NO_NAME = "-";
/** A text that is no time zone, no language and no URL. */
const NONE = "none";
/** The most letters of a language code in ISO 639. */
const LONGEST_LANGUAGE = 3;
/** No type of a property can read it. */
const UNREADABLE = {};

type Pseudonym = (text: string) => string;

/** Person properties that are read as the given ones are, without addresses, numbers and names. */
export function hashPerson(raw: Record<string, unknown>, pseudonym: Pseudonym): Record<string, unknown> {
  const { properties, unreadable } = readPerson(raw);
  const hashed = [...declaredIn(raw)].map(([name, written]): [PropertyName, unknown] => {
    if (unreadable.includes(name)) return [name, UNREADABLE];
    const value = properties[name];
    if (value === undefined) return [name, null];
    // Segment's parser makes a name of a first name that is a text.
    return [name, NAMES.has(name) && typeof written === "number" ? 0 : hashProperty(name, value, pseudonym)];
  });
  return Object.fromEntries(hashed);
}

/** The declared names of an object's keys, in our spelling. */
export function declaredNamesIn(names: string[]): PropertyName[] {
  return [...declaredIn(Object.fromEntries(names.map((name) => [name, null]))).keys()];
}

function hashProperty(name: PropertyName, value: unknown, pseudonym: Pseudonym): unknown {
  const text = String(value);
  switch (name) {
    case "name":
      return greetingName({ name: text }) === undefined ? NO_NAME : lastName(text) === undefined ? NAME : FULL_NAME;
    case "first_name":
      return greetingName({ first_name: text }) === undefined ? NO_NAME : NAME;
    case "last_name":
      return shownName(text) === undefined ? NO_NAME : LAST_NAME;
    case "phone":
      return `+1555${String(Number.parseInt(pseudonym(text).slice(-10), 16) % 10_000_000).padStart(7, "0")}`;
    case "$timezone":
    case "$geoip_time_zone":
      return isTimeZone(text) ? text : NONE;
    case "locale":
      return hashLocale(text);
    case "avatar":
      return /^https?:/i.test(text) && URL.canParse(text) ? "https://example.com/avatar.png" : NONE;
    default:
      return hashTexts(value, pseudonym, []);
  }
}

/** The language, script and region of a locale, which may be written with an encoding or a modifier. */
function hashLocale(text: string): string {
  const { language = NONE, baseName = NONE } = readLocale(text) ?? {};
  return language.length > LONGEST_LANGUAGE ? NONE : baseName;
}

/** An email address, also inside a longer text, and as it is written in a URL. */
const ADDRESS = /[^\s@<>()[\]{}"',;:/?&=%]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
const HASHED_DOMAIN = "@example.com";

/** The value with each address and each of these ids replaced, at any depth. */
export function hashTexts(value: unknown, pseudonym: Pseudonym, ids: string[]): unknown {
  if (typeof value === "string") return hashText(value, pseudonym, ids);
  if (Array.isArray(value)) return value.map((one) => hashTexts(one, pseudonym, ids));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hashTexts(one, pseudonym, ids)]));
}

function hashText(text: string, pseudonym: Pseudonym, ids: string[]): string {
  if (!/@|%40/.test(text)) return ids.includes(text) ? pseudonym(text) : text;
  const whole = email(text);
  if (typeof whole !== "string") return hashAddress(whole.value, pseudonym);
  return text.replace(ADDRESS, (address) => hashAddress(address.replace("%40", "@"), pseudonym));
}

/** An address that is hashed already stays as it is. */
function hashAddress(address: string, pseudonym: Pseudonym): string {
  const local = address.slice(0, -HASHED_DOMAIN.length);
  const isHashed = address.endsWith(HASHED_DOMAIN) && pseudonym(local) === local;
  return isHashed ? address : `${pseudonym(address)}${HASHED_DOMAIN}`;
}
