// A plain Error means "try again". These errors tell a job more: when, and whether at all.

/** Try again: the other side has answered, with an error. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** The shortest wait that the other side asked for; 0 where it named none. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    { retryAfterMs = 0, ...options }: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Try again once the other side is up: it gave no answer, or one that means it is down. Does not count as a
 * failed attempt, unless the other side answers other jobs meanwhile.
 */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  /** Whether an answer came, so that the next attempt needs another idempotency key. */
  readonly answered: boolean;
  /** The shortest wait that the other side asked for; 0 where it named none. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    { answered, retryAfterMs = 0, ...options }: ErrorOptions & { answered: boolean; retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.answered = answered;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nothing was sent, because this process is stopping. */
export class StoppingError extends UnavailableError {
  constructor(service: string) {
    super(`${service} is not called, because this process is stopping`, { answered: false });
  }
}

/** Trying again cannot help: the job is dead, and a human has to act. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Try again, but not before `retryAfterMs`; the wait does not count as a failed attempt. */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  readonly retryAfterMs: number;
  /** As for `UnavailableError`; false also where the answer was that an earlier attempt is still in progress. */
  readonly answered: boolean;

  constructor(message: string, { retryAfterMs, answered }: { retryAfterMs: number; answered: boolean }) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.answered = answered;
  }
}

/** What went wrong in one line, causes included; bodies and stacks stay out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
