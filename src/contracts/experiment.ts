/** Something that is tried out, as PostHog's multivariate flag says for each person. */
export interface Experiment<Variant extends string = string> {
  /** The flag's key. */
  flag: string;
  variants: readonly Variant[];
  /** What is shown when PostHog does not say one of these. */
  otherwise: Variant;
}

/** Which variant a run shows; `default` when PostHog did not say. */
export interface RunVariant {
  variant: string;
  source: "posthog" | "default";
}
