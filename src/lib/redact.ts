const CENSORED = "[redacted]";
/** Long enough for an error with its causes. */
const LONGEST = 2_000;
/** Keys of PostHog, of Novu and of webhooks. */
const KEY = /(?:ph[cx]_|whsec_|Bearer |ApiKey )[\w.~+/=-]+/g;
/** The user and password in a URL. */
const CREDENTIALS = /(?<=:\/\/)[^\s/@]+(?=@)/g;
/** A phone number with its plus, also with spaces and brackets. */
const PHONE = /\+\d(?:[ ().-]{0,2}\d){6,14}/g;
/** A part of everything that `redact` changes. Most texts in a log are ids and words without one. */
const SUSPICIOUS = /[@+_\0]|:\/\/|Bearer |ApiKey /;
const BEFORE_AT = /[^\s@"'<>()[\],;:/]/;
const AFTER_AT = /[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*/uy;
const TOP_LEVEL_DOMAIN = /\.\p{L}{2}/u;
const BREAK = /[\s"'<>()[\],;/]/;

/**
 * The text without keys, email addresses, phone numbers and NUL (which PostgreSQL refuses), cut to 2,000
 * characters. Runs in linear time on any input: strangers write some of these texts.
 */
export function redact(text: string): string {
  if (text.length <= LONGEST && !SUSPICIOUS.test(text)) return text;
  const keyless = cut(text)
    .replaceAll("\0", "\uFFFD")
    .replace(KEY, CENSORED)
    .replace(CREDENTIALS, CENSORED)
    .replace(PHONE, CENSORED);
  return keyless.includes("@") ? withoutAddresses(keyless) : keyless;
}

/** Cuts between two words, because half an address would not be recognised. */
function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  let end = LONGEST;
  while (end > 0 && !BREAK.test(text.charAt(end))) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** Looks from each @ to both sides; one pattern for whole addresses would take quadratic time. */
function withoutAddresses(text: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > from && BEFORE_AT.test(text.charAt(start - 1))) start -= 1;
    AFTER_AT.lastIndex = at + 1;
    const [domain = ""] = AFTER_AT.exec(text) ?? [];
    if (start === at || !TOP_LEVEL_DOMAIN.test(domain)) continue;
    result += `${text.slice(from, start)}${CENSORED}`;
    from = at + 1 + domain.length;
  }
  return result + text.slice(from);
}

const LONGEST_REASON = 200;
/** A phone number without a plus; `redact` finds numbers with a plus. SMTP codes such as "550 5.7.26" stay. */
const PHONE_WITHOUT_PLUS =
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
    .replace(PHONE_WITHOUT_PLUS, (_found, codes?: string) => codes ?? CENSORED)
    .replace(/\p{Cc}/gu, " ")
    .slice(0, LONGEST_REASON)
    .toWellFormed();
}

/** Ordinary words have no digits, and capitals only at the beginning. */
function isLikeAKey(word: string): boolean {
  return /\d|[a-z][A-Z]|=$/.test(word);
}
