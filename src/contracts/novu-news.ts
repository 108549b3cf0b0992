/** What a subscriber has changed of their preferences at Novu, as its webhook tells. */
export interface PreferenceChange {
  distinctId: string;
  /** Null where it holds for every workflow. */
  workflow: string | null;
  /** By channel; what is not named is as it was. */
  channels: Record<string, boolean>;
  /** ISO 8601 */
  at: string;
}

/** Nothing is to be sent to this person's address any more. */
export interface Undeliverable {
  distinctId: string;
  cause: "bounced" | "complained";
  /** ISO 8601 */
  at: string;
}
