import { redact } from "./redact.ts";

const CENSORED = "[redacted]";
const LONGEST = 200;
/** As people write it, without a plus as well; `redact` takes those with one. SMTP's codes, such as "550 5.7.26", come first and are none. */
const PHONE =
  /(?<codes>\b[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}(?![\d.]))|(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;
/** Behind the host of a webhook's address there is its secret. */
const PATH = /(?<=\bhttps?:\/\/[^\s/?#"'<>]{1,253})[/?#][^\s"'<>]*/gi;
/** `redact` leaves a quoted name before the @, and a host without a dot. */
const ADDRESS = /(?:"[^"\n]{1,64}"|[^\s@"'<>()[\],;:/]{1,64})@[^\s@"'<>(),;]+/g;
const DEVICE = /(?<=token\[)[^\]\s]+/gi;
const AFTER_ITS_NAME =
  /(?<=\b(?:api.?key|key|tokens?|secret|password|passwd|pwd|signature|authorization|bearer|basic|sid)["']?(?: is)?(?:\s*[:=]\s*|\s+)["'`<(]?)[^\s"'`<>(),;[\]]{4,}/gi;
const WORD = /[\w.~+/=:%-]{16,}/g;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/;
const HOST = /^(?:[a-z0-9-]{1,40}\.)+[a-z]{2,}(?::\d+)?\.?$/;

/**
 * A short reason in a provider's or Novu's words, without the addresses, phone numbers, keys and tokens that they repeat.
 * PostgreSQL's JSON takes no NUL and no half of a character.
 */
export function redactReason(said: string): string {
  return redact(said.replaceAll("%40", "@"))
    .replace(PATH, `/${CENSORED}`)
    .replace(ADDRESS, CENSORED)
    .replace(DEVICE, CENSORED)
    .replace(AFTER_ITS_NAME, (word) => (isLikeAKey(word) ? CENSORED : word))
    .replace(WORD, (word) => (/\d|=$/.test(word) && !HOST.test(word) && !TIME.test(word) ? CENSORED : word))
    .replace(PHONE, (_found, codes?: string) => codes ?? CENSORED)
    .replace(/\p{Cc}/gu, " ")
    .slice(0, LONGEST)
    .toWellFormed();
}

/** Words of a language have no digits, and capitals at their beginning only. */
function isLikeAKey(word: string): boolean {
  return /\d|[a-z][A-Z]|=$/.test(word);
}
