import type { Experiment, RunVariant } from "../contracts/experiment.ts";
import type { FlagAnswer } from "../contracts/flag.ts";
import type { Run } from "../contracts/run.ts";
import type { Log } from "../lib/log.ts";

type Variants = Record<string, RunVariant>;
type Place = Pick<Run, "transactionId" | "distinctId">;

/**
 * Which variants a run shows, by flag: what PostHog says when they are asked for first, or the
 * default when it does not, and for the rest of the run the same, whatever becomes of the flag.
 */
export function createRunVariants({
  flagsOf,
  variantsOf,
  keepVariants,
  log,
}: {
  flagsOf(distinctId: string, keys: string[]): Promise<FlagAnswer>;
  variantsOf(transactionId: string): Promise<Variants>;
  /** The first to be kept holds. */
  keepVariants(run: Place, drawn: Variants): Promise<Variants>;
  log: Log;
}) {
  return async (run: Place & { rehearsal: boolean }, experiments: Experiment[]): Promise<Variants> => {
    if (experiments.length === 0) return {};
    if (run.rehearsal) return draw(run, experiments);
    const kept = await variantsOf(run.transactionId);
    const open = experiments.filter(({ flag }) => kept[flag] === undefined);
    if (open.length === 0) return kept;
    return { ...kept, ...(await keepVariants(run, await draw(run, open))) };
  };

  async function draw({ transactionId, distinctId }: Place, experiments: Experiment[]): Promise<Variants> {
    const keys = experiments.map(({ flag }) => flag);
    const answer = await flagsOf(distinctId, keys);
    if (answer.outcome === "unavailable")
      log.warn({ component: "sources", transactionId, variantSource: "default", error: answer.why });
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
