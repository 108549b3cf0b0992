import { z } from "zod";

/** The variant of a run; `default` where PostHog returned none. */
export interface RunVariant {
  variant: string;
  source: "posthog" | "default";
}

/** The value of a PostHog feature flag for one person; a text is the variant. False also when PostHog has no such flag. */
export const FlagValue = z.union([z.boolean(), z.string()]);
export type FlagValue = z.infer<typeof FlagValue>;

/** The result of reading flags: a value for each, or "unavailable": then every value is unknown. */
export type FlagAnswer<Key extends string = string> =
  | { outcome: "answered"; values: Record<Key, FlagValue> }
  | { outcome: "unavailable"; why: string };

/** Whether a holdout's flag holds a person out: it is on, or has the variant "holdout". */
export function holdsOut(value: FlagValue | undefined): boolean {
  return value === true || value === "holdout";
}
