/**
 * How long a bridge call may wait for others. Novu waits for 5 s, or for 4 s on a kept connection of a server that
 * announces 5 s (`KEEP_ALIVE_SECONDS` does not allow that), and the bridge answers within 3.5 s whatever happens.
 * A step asks for the person first and then, once, for all flags: 3.15 s when PostHog hangs at both. The rest is for
 * the store, which takes milliseconds, and for the email. A store that hangs takes longer than the rest; then Novu
 * is answered 503 and asks again, because a message that is decided without the store could be one too many.
 */
export const PERSON_WITHIN_MS = 2_400;
export const FLAGS_WITHIN_MS = 750;
