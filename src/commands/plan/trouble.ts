/** What may be in the way, and the exit code that `npm run sync` ends with for it. */
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

/** Trouble with a name; its message says what to do about it. */
export class Trouble extends Error {
  override readonly name = "Trouble";
  readonly kind: keyof typeof EXIT_CODES;

  constructor(kind: keyof typeof EXIT_CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
