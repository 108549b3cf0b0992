/** Whose events are no customer's: all of an email domain, one email or distinct id, or what a pattern finds. */
export type InternalRule = { domain: string } | { exactly: string } | { pattern: RegExp };
