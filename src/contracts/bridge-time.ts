/**
 * How long a bridge call may take, and may wait for others. Novu waits for 4 s at least: 5, less on a connection
 * that it uses again (`KEEP_ALIVE_SECONDS` keeps it at 5). A step asks for the person first and then, once, for
 * all flags: 2.8 s when PostHog hangs at both. The rest is for the store, which takes milliseconds, for the email,
 * and for the other steps of a busy moment. When the store hangs too, Novu is answered 503 and asks again: a
 * message that is decided without the store could be one too many.
 */
export const ANSWER_WITHIN_MS = 3_400;
export const PERSON_WITHIN_MS = 2_200;
export const FLAGS_WITHIN_MS = 600;
