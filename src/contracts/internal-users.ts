/** People whose events are ignored: an email domain, one email or distinct id, or a pattern. */
export type InternalRule = { domain: string } | { exactly: string } | { pattern: RegExp };
