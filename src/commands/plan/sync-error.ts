/** The kinds of errors, each with the exit code of `npm run sync`. */
export const EXIT_CODES = {
  other: 1,
  removals: 4,
  "secret key": 5,
  bridge: 6,
  "another key": 7,
  discover: 8,
  revision: 9,
  limits: 10,
  novu: 11,
  cli: 12,
} as const;

/** An error with a kind; its message says what to do. */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly kind: keyof typeof EXIT_CODES;

  constructor(kind: keyof typeof EXIT_CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
