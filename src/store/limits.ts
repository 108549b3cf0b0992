/** A message about to be sent. */
export interface Send {
  transactionId: string;
  step: string;
  distinctId: string;
}

export interface Limits {
  /**
   * Reserves `count` slots of a rate limiter that all processes share, `intervalMs` apart. Answers how long it is
   * until the first, and how far ahead the limiter was if that was too far to be true, else 0.
   */
  reserveSlots(limiter: string, count: number, intervalMs: number): Promise<{ waitMs: number; disbelievedMs: number }>;
  /** Leases a periodic task for `leaseMs`, to one process at a time; null when it is leased, else when its next run is. */
  takeLease(name: string, leaseMs: number): Promise<number | null>;
  /** For the process that holds the lease. */
  setNextRun(name: string, nextAt: number): Promise<void>;
  /**
   * Whether a message is within the `most` that its person gets in a time, from now back. It counts from then on,
   * unless its decision is not to send it.
   */
  reserveSend(send: Send, cap: { most: number; withinMs: number }): Promise<boolean>;
  /** Counts that Novu was asked to call this step again; answers how often by now. */
  postponeSend(send: Send): Promise<number>;
  /** A studio session was logged out; the record can go at `expiresAt`. */
  endSession(id: string, expiresAt: number): Promise<void>;
  hasEnded(sessionId: string): Promise<boolean>;
}
