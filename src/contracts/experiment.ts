/** An experiment; a multivariate PostHog flag has the variant of each person. */
export interface Experiment<Variant extends string = string> {
  /** The flag's key. */
  flag: string;
  variants: readonly Variant[];
  /** The variant where PostHog returns none of these. */
  otherwise: Variant;
}

/** The variant of a run; `default` where PostHog returned none. */
export interface RunVariant {
  variant: string;
  source: "posthog" | "default";
}
