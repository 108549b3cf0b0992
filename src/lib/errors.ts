// A plain Error means "try again". These say more.

/** Try again: the other side has answered, and it was no. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** Not before so long, if it said so. */
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
 * Try again once the other side is there again: it gave no answer, or said that it is down. Not the job's
 * fault, unless the other side answers others meanwhile.
 */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  /** Whether it has answered at all. */
  readonly refused: boolean;
  /** Not before so long, if it said so. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    { refused, retryAfterMs = 0, ...options }: ErrorOptions & { refused: boolean; retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.refused = refused;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Trying again cannot help: stop, and show a human. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Try again, but not before `retryAfterMs`; the wait does not count as a failed attempt. */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  readonly retryAfterMs: number;
  /** Whether the other side has answered no, rather than "not yet". */
  readonly refused: boolean;

  constructor(message: string, { retryAfterMs, refused }: { retryAfterMs: number; refused: boolean }) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.refused = refused;
  }
}

/** What went wrong in one line, causes included; bodies and stacks stay out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
