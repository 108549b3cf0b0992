import {
  type Decision,
  type FlagAnswer,
  type FlagValue,
  holdsOut,
  type Objection,
  type RunVariant,
} from "../contracts/decision.ts";
import type { RunKey } from "../contracts/run.ts";
import type { Log } from "../lib/log.ts";

/** An experiment: a multivariate PostHog flag decides the variant of each person. */
export interface Experiment<Variant extends string = string> {
  /** The flag's key. */
  flag: string;
  variants: readonly Variant[];
  /** The variant if PostHog returns none of `variants`. */
  otherwise: Variant;
}

/** The experiments of a workflow, by the name under which its messages read the variant. */
export type Experiments = Record<string, Experiment>;

/** The variant of each experiment, as a message reads it. */
export type VariantsOf<Tried extends Experiments> = { [Name in keyof Tried]: Tried[Name]["otherwise"] };

/** An experiment: the key of a multivariate PostHog flag, its variants, and the default variant (`otherwise`). */
export function experiment<const Variant extends string>(
  flag: string,
  { variants, otherwise }: { variants: readonly Variant[]; otherwise: NoInfer<Variant> },
): Experiment<Variant> {
  return { flag, variants, otherwise };
}

/** The flag values that one message uses, and its exposures to them, for its decision. */
export function flagExposures<Variants>(
  experiments: Experiments,
  variantsOf: (experiments: Experiment[]) => Promise<Record<string, RunVariant>>,
) {
  const flags: Record<string, FlagValue> = {};
  const defaults = new Set<string>();

  return {
    /** The variants as properties that record each read: a message exposes a person only to the variants it reads. */
    async variants(): Promise<Variants> {
      const ofRun = await variantsOf(Object.values(experiments));
      const variants = {};
      for (const [name, experiment] of Object.entries(experiments)) {
        // The run's variant may come from an earlier version of the workflow with other variants.
        const { variant, source } = validOrDefault(experiment, ofRun[experiment.flag]);
        const get = () => {
          flags[experiment.flag] = variant;
          if (source === "default") defaults.add(experiment.flag);
          return variant;
        };
        Object.defineProperty(variants, name, { enumerable: true, get });
      }
      return variants as Variants;
    },

    addHoldouts(holdouts: Record<string, FlagValue>): void {
      Object.assign(flags, holdouts);
    },

    forDecision(
      outcome: Decision["outcome"],
      objection: Objection | null,
    ): Pick<Decision, "variants" | "defaults" | "exposures"> {
      return { variants: flags, defaults: [...defaults], exposures: exposures(outcome, objection) };
    },
  };

  /** Sent: exposed to all used flags that PostHog answered. Held out: to the flags that hold out. Else: to none. */
  function exposures(outcome: Decision["outcome"], objection: Objection | null): string[] {
    const answered = Object.keys(flags).filter((flag) => !defaults.has(flag));
    if (outcome === "sent") return answered;
    return objection?.reason === "held out" ? answered.filter((flag) => holdsOut(flags[flag])) : [];
  }
}

type Variants = Record<string, RunVariant>;

/**
 * The variants of a run, by flag: PostHog's answer at the first use, or the default if PostHog has no answer. The
 * variants of a run stay the same, also when the flag changes.
 */
export function createRunVariants({
  flagsOf,
  variantsOf,
  saveVariants,
  log,
}: {
  flagsOf(distinctId: string, keys: string[]): Promise<FlagAnswer>;
  variantsOf(transactionId: string): Promise<Variants>;
  /** Returns the variants that are valid: of two calls at the same time, the variants that were stored first. */
  saveVariants(run: RunKey, drawn: Variants): Promise<Variants>;
  log: Log;
}) {
  return async (run: RunKey & { isTest: boolean }, experiments: Experiment[]): Promise<Variants> => {
    if (experiments.length === 0) return {};
    if (run.isTest) return draw(run, experiments);
    const saved = await variantsOf(run.transactionId);
    const open = experiments.filter(({ flag }) => saved[flag] === undefined);
    if (open.length === 0) return saved;
    return { ...saved, ...(await saveVariants(run, await draw(run, open))) };
  };

  async function draw({ transactionId, distinctId }: RunKey, experiments: Experiment[]): Promise<Variants> {
    const keys = experiments.map(({ flag }) => flag);
    const answer = await flagsOf(distinctId, keys);
    if (answer.outcome === "unavailable")
      log.warn({ component: "engine", transactionId, variantSource: "default", error: answer.why });
    return Object.fromEntries(
      experiments.map((experiment) => {
        const value = answer.outcome === "answered" ? answer.values[experiment.flag] : undefined;
        const answered = typeof value === "string" ? ({ variant: value, source: "posthog" } as const) : undefined;
        return [experiment.flag, validOrDefault(experiment, answered)];
      }),
    );
  }
}

function validOrDefault({ variants, otherwise }: Experiment, one: RunVariant | undefined): RunVariant {
  return one !== undefined && variants.includes(one.variant) ? one : { variant: otherwise, source: "default" };
}
