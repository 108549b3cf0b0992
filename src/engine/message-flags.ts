import type { Decision, Objection } from "../contracts/decision.ts";
import type { Experiment, RunVariant } from "../contracts/experiment.ts";
import { type FlagValue, holdsOut } from "../contracts/flag.ts";
import { type Experiments, shown } from "./experiment.ts";

/** What PostHog's flags, or the defaults in their place, say to one message, and what is to be noted of it. */
export function messageFlags<Variants>(
  experiments: Experiments,
  draw: (experiments: Experiment[]) => Promise<Record<string, RunVariant>>,
) {
  const flags: Record<string, FlagValue> = {};
  const defaults = new Set<string>();

  return {
    /** Each variant as a property that notes when it is read: who gets a message that is the same for all is exposed to nothing. */
    async variants(): Promise<Variants> {
      const kept = await draw(Object.values(experiments));
      const variants = {};
      for (const [name, experiment] of Object.entries(experiments)) {
        const { variant, source } = shown(experiment, kept[experiment.flag]);
        const get = () => {
          flags[experiment.flag] = variant;
          if (source === "default") defaults.add(experiment.flag);
          return variant;
        };
        Object.defineProperty(variants, name, { enumerable: true, get });
      }
      return variants as Variants;
    },

    heardOf(holdouts: Record<string, FlagValue>): void {
      Object.assign(flags, holdouts);
    },

    noted(
      outcome: Decision["outcome"],
      objection: Objection | null,
    ): Pick<Decision, "variants" | "defaults" | "exposures"> {
      return { variants: flags, defaults: [...defaults], exposures: exposures(outcome, objection) };
    },
  };

  /** Who is sent something is exposed to all that PostHog said of it, who is held out to what holds them out, and the rest to nothing. */
  function exposures(outcome: Decision["outcome"], objection: Objection | null): string[] {
    const answered = Object.keys(flags).filter((flag) => !defaults.has(flag));
    if (outcome === "sent") return answered;
    return objection?.reason === "held out" ? answered.filter((flag) => holdsOut(flags[flag])) : [];
  }
}
