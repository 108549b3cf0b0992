import type { Experiment, RunVariant } from "../contracts/experiment.ts";

/** What a workflow tries out, by the name under which its messages read it. */
export type Experiments = Record<string, Experiment>;

/** The variant of each, as a message reads it. */
export type VariantsOf<Tried extends Experiments> = { [Name in keyof Tried]: Tried[Name]["otherwise"] };

/** Something to try out: the key of a multivariate flag of PostHog, its variants, and what to show when PostHog says none of them. */
export function experiment<const Variant extends string>(
  flag: string,
  { variants, otherwise }: { variants: readonly Variant[]; otherwise: NoInfer<Variant> },
): Experiment<Variant> {
  return { flag, variants, otherwise };
}

/** What a message shows of an experiment. What an earlier version of the workflow has drawn may be none of its variants any more. */
export function shown({ variants, otherwise }: Experiment, kept: RunVariant | undefined): RunVariant {
  return kept !== undefined && variants.includes(kept.variant) ? kept : { variant: otherwise, source: "default" };
}
