const CENSORED = "[redacted]";
/** Long enough for an error with its causes. */
const LONGEST = 2_000;
/** Keys as PostHog, Novu and webhooks have them. */
const KEY = /(?:ph[cx]_|whsec_|Bearer |ApiKey )[\w.~+/=-]+/g;
/** The user and password in a URL. */
const CREDENTIALS = /(?<=:\/\/)[^\s/@]+(?=@)/g;
/** A phone number with its plus, as people write it. */
const PHONE = /\+\d(?:[ ().-]{0,2}\d){6,14}/g;
const BEFORE_AT = /[^\s@"'<>()[\],;:/]/;
const AFTER_AT = /[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*/uy;
const TOP_LEVEL_DOMAIN = /\.\p{L}{2}/u;
const BREAK = /[\s"'<>()[\],;/]/;

/**
 * A text without keys, email addresses and phone numbers, and without NUL, which PostgreSQL refuses; cut to 2,000
 * characters. Takes time in proportion to its length at most, whatever a stranger has put into it.
 */
export function redact(text: string): string {
  const keyless = cut(text)
    .replaceAll("\0", "\uFFFD")
    .replace(KEY, CENSORED)
    .replace(CREDENTIALS, CENSORED)
    .replace(PHONE, CENSORED);
  return keyless.includes("@") ? withoutAddresses(keyless) : keyless;
}

/** Cut between two words: half an address would not be found again. */
function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  let end = LONGEST;
  while (end > 0 && !BREAK.test(text.charAt(end))) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** Looks from each @ to both sides; a pattern that looks for the @ takes the square of the text's length. */
function withoutAddresses(text: string): string {
  let kept = "";
  let from = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > from && BEFORE_AT.test(text.charAt(start - 1))) start -= 1;
    AFTER_AT.lastIndex = at + 1;
    const [domain = ""] = AFTER_AT.exec(text) ?? [];
    if (start === at || !TOP_LEVEL_DOMAIN.test(domain)) continue;
    kept += `${text.slice(from, start)}${CENSORED}`;
    from = at + 1 + domain.length;
  }
  return kept + text.slice(from);
}
