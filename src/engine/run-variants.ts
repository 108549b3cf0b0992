import type { RunVariant } from "../contracts/experiment.ts";
import type { FlagAnswer } from "../contracts/flag.ts";
import type { Run } from "../contracts/run.ts";
import type { Log } from "../lib/log.ts";
import type { Experiment } from "./experiment.ts";

type Variants = Record<string, RunVariant>;
type RunKey = Pick<Run, "transactionId" | "distinctId">;

/**
 * The variants of a run, by flag: PostHog's answer at the first use, or the default where it has none. They stay the
 * same for the rest of the run, also when the flag changes.
 */
export function createRunVariants({
  flagsOf,
  variantsOf,
  saveVariants,
  log,
}: {
  flagsOf(distinctId: string, keys: string[]): Promise<FlagAnswer>;
  variantsOf(transactionId: string): Promise<Variants>;
  /** The variants that are stored first hold. */
  saveVariants(run: RunKey, drawn: Variants): Promise<Variants>;
  log: Log;
}) {
  return async (run: RunKey & { rehearsal: boolean }, experiments: Experiment[]): Promise<Variants> => {
    if (experiments.length === 0) return {};
    if (run.rehearsal) return draw(run, experiments);
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
      experiments.map((experiment) => [
        experiment.flag,
        drawn(experiment, answer.outcome === "answered" ? answer.values[experiment.flag] : undefined),
      ]),
    );
  }
}

function drawn({ variants, otherwise }: Experiment, value: boolean | string | undefined): RunVariant {
  const variant = variants.find((one) => one === value);
  return variant === undefined ? { variant: otherwise, source: "default" } : { variant, source: "posthog" };
}
