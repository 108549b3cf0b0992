import type { RunVariant } from "../contracts/experiment.ts";

/** An experiment; a multivariate PostHog flag has the variant of each person. */
export interface Experiment<Variant extends string = string> {
  /** The flag's key. */
  flag: string;
  variants: readonly Variant[];
  /** The variant where PostHog returns none of these. */
  otherwise: Variant;
}

/** The experiments of a workflow, by the name under which its messages read the variant. */
export type Experiments = Record<string, Experiment>;

/** The variant of each experiment, as a message reads it. */
export type VariantsOf<Tried extends Experiments> = { [Name in keyof Tried]: Tried[Name]["otherwise"] };

/** An experiment: the key of a multivariate PostHog flag, its variants, and the variant where PostHog returns none of them. */
export function experiment<const Variant extends string>(
  flag: string,
  { variants, otherwise }: { variants: readonly Variant[]; otherwise: NoInfer<Variant> },
): Experiment<Variant> {
  return { flag, variants, otherwise };
}

/** The variant that a message shows. The run's variant may come from an earlier version of the workflow that had others. */
export function shown({ variants, otherwise }: Experiment, ofRun: RunVariant | undefined): RunVariant {
  return ofRun !== undefined && variants.includes(ofRun.variant) ? ofRun : { variant: otherwise, source: "default" };
}
