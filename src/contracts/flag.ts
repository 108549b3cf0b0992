import { z } from "zod";

/** What a PostHog feature flag says for one person; a text is the variant. False also when PostHog has no such flag. */
export const FlagValue = z.union([z.boolean(), z.string()]);
export type FlagValue = z.infer<typeof FlagValue>;

/** What asking PostHog for some flags came to: a value for each, or unavailable, which says nothing about any of them. */
export type FlagAnswer<Key extends string = string> =
  | { outcome: "answered"; values: Record<Key, FlagValue> }
  | { outcome: "unavailable"; why: string };

/** Whether a holdout's flag keeps a person from getting anything: on, or the variant of that name. */
export function holdsOut(value: FlagValue | undefined): boolean {
  return value === true || value === "holdout";
}
