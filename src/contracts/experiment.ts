/** The variant of a run; `default` where PostHog returned none. */
export interface RunVariant {
  variant: string;
  source: "posthog" | "default";
}
