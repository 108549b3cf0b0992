import { redact } from "./redact.ts";

const CENSORED = "[redacted]";
const LONGEST = 200;
/** Phone numbers without a plus; `redact` finds those with one. SMTP codes such as "550 5.7.26" match first, and stay. */
const PHONE =
  /(?<codes>\b[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}(?![\d.]))|(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;
/** The path of a webhook's URL holds its secret. */
const PATH = /(?<=\bhttps?:\/\/[^\s/?#"'<>]{1,253})[/?#][^\s"'<>]*/gi;
/** `redact` does not find a quoted name before the @, or a host without a dot. */
const ADDRESS = /(?:"[^"\n]{1,64}"|[^\s@"'<>()[\],;:/]{1,64})@[^\s@"'<>(),;]+/g;
const DEVICE = /(?<=token\[)[^\]\s]+/gi;
const AFTER_ITS_NAME =
  /(?<=\b(?:api.?key|key|tokens?|secret|password|passwd|pwd|signature|authorization|bearer|basic|sid)["']?(?: is)?(?:\s*[:=]\s*|\s+)["'`<(]?)[^\s"'`<>(),;[\]]{4,}/gi;
const WORD = /[\w.~+/=:%-]{16,}/g;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/;
const HOST = /^(?:[a-z0-9-]{1,40}\.)+[a-z]{2,}(?::\d+)?\.?$/;

/**
 * A reason as a provider or Novu wrote it, cut short and without addresses, phone numbers, keys and tokens.
 * PostgreSQL's JSON refuses NUL and half of a surrogate pair.
 */
export function redactReason(reason: string): string {
  return redact(reason.replaceAll("%40", "@"))
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

/** Ordinary words have no digits, and capitals only at the beginning. */
function isLikeAKey(word: string): boolean {
  return /\d|[a-z][A-Z]|=$/.test(word);
}
