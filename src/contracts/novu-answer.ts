/** What Novu's API said to one call. */
export interface NovuAnswer {
  /** null when no answer came: refused, reset, timed out. */
  httpStatus: number | null;
  /** Novu's own word on a trigger, such as "processed". */
  triggerStatus?: string;
  /** For the person on call; no payloads. */
  message: string;
  /** From Retry-After. */
  retryAfterMs?: number;
}
