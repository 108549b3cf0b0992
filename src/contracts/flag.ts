/** What a PostHog feature flag says for one person; a text is the variant. False also when PostHog has no such flag. */
export type FlagValue = boolean | string;

/** What asking PostHog for some flags came to: a value for each, or unavailable, which says nothing about any of them. */
export type FlagAnswer<Key extends string = string> =
  | { outcome: "answered"; values: Record<Key, FlagValue> }
  | { outcome: "unavailable"; why: string };
