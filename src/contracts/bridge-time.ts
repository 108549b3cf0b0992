/**
 * The longest times of a bridge call, and of its reads. Novu waits for at least 4 s: 5, and less on a reused connection
 * (`KEEP_ALIVE_SECONDS` keeps it at 5). A step reads the person first and then, once, all flags: 2.8 s when PostHog
 * hangs at both. The rest is for the store, which takes milliseconds, for the email, and for other steps at a busy
 * moment. When the store hangs too, the answer is 503 and Novu retries: a message that is decided without the store
 * could be one too many.
 */
export const ANSWER_WITHIN_MS = 3_400;
export const PERSON_WITHIN_MS = 2_200;
export const FLAGS_WITHIN_MS = 600;
