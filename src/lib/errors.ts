// For a job, a plain Error means "try again". These errors also say when, or that a retry cannot help.

interface Answer extends ErrorOptions {
  answered: boolean;
  retryAfterMs?: number | undefined;
}

/** An error of another service, or of the connection to it. */
export class ServiceError extends Error {
  /** Whether an answer came; if so, the next attempt needs another idempotency key. */
  readonly answered: boolean;
  /** The time in the answer's Retry-After; 0 without the header. */
  readonly retryAfterMs: number;

  constructor(message: string, { answered, retryAfterMs = 0, ...options }: Answer) {
    super(message, options);
    this.answered = answered;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Try again: the other side answered with an error. */
export class RefusedError extends ServiceError {
  override readonly name = "RefusedError";

  constructor(message: string, options: Omit<Answer, "answered"> = {}) {
    super(message, { ...options, answered: true });
  }
}

/**
 * Try again when the other side is up: it did not answer, or its answer means that it is down. Not counted as a
 * failed attempt, unless the other side answers other jobs meanwhile.
 */
export class UnavailableError extends ServiceError {
  override readonly name = "UnavailableError";
}

/** Nothing was sent, because this process is stopping. */
export class StoppingError extends UnavailableError {
  constructor(service: string) {
    super(`${service} is not called, because this process is stopping`, { answered: false });
  }
}

/**
 * Try again after `retryAfterMs`. Not counted as a failed attempt. `answered` is also false if the service answered
 * that an earlier attempt is still in progress.
 */
export class RetryLaterError extends ServiceError {
  override readonly name = "RetryLaterError";
}

/** A retry cannot help: the job is dead, and a person has to act. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** The messages of an error and of its causes, in one line; no stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}

/** The Retry-After header, read as seconds; undefined without one. */
export function retryAfterMs(headers: Pick<Headers, "get">): number | undefined {
  const seconds = Number(headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : undefined;
}
