import type { Decision, Objection } from "../contracts/decision.ts";
import type { RunVariant } from "../contracts/experiment.ts";
import { type FlagValue, holdsOut } from "../contracts/flag.ts";
import type { Experiment } from "./experiment.ts";
import { type Experiments, shown } from "./experiment.ts";

/** The flag values that one message uses, and its exposures to them, for its decision. */
export function flagExposures<Variants>(
  experiments: Experiments,
  variantsOf: (experiments: Experiment[]) => Promise<Record<string, RunVariant>>,
) {
  const flags: Record<string, FlagValue> = {};
  const defaults = new Set<string>();

  return {
    /** The variants as properties that note when they are read: a message that is the same for all exposes to nothing. */
    async variants(): Promise<Variants> {
      const ofRun = await variantsOf(Object.values(experiments));
      const variants = {};
      for (const [name, experiment] of Object.entries(experiments)) {
        const { variant, source } = shown(experiment, ofRun[experiment.flag]);
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

  /** Sent: exposed to every flag used that PostHog answered. Held out: only to the flags that hold out. Otherwise: to none. */
  function exposures(outcome: Decision["outcome"], objection: Objection | null): string[] {
    const answered = Object.keys(flags).filter((flag) => !defaults.has(flag));
    if (outcome === "sent") return answered;
    return objection?.reason === "held out" ? answered.filter((flag) => holdsOut(flags[flag])) : [];
  }
}
