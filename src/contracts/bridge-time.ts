/**
 * The longest times of a bridge call and of its reads. Novu waits 5 s for an answer, but only 4 s on a reused
 * connection whose keep-alive is short (see `KEEP_ALIVE_SECONDS`). A step reads the person and then all flags: 2.8 s
 * when PostHog answers neither. The rest is for the store, the email, and other steps at a busy moment. When the store
 * does not answer either, the bridge answers 503 and Novu retries: without the store, a message could be sent twice.
 */
export const ANSWER_WITHIN_MS = 3_400;
export const PERSON_WITHIN_MS = 2_200;
export const FLAGS_WITHIN_MS = 600;
