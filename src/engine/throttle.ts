import type { z } from "zod";
import { type Duration, inLargestUnit, toMs } from "./duration.ts";
import type { Due, GuardedStep, NovuStep, StepOptions } from "./guarded-step.ts";
import { ownCodeNow } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";
import { stepOptions } from "./step-options.ts";

type Options = StepOptions<z.ZodObject> & { by?(moment: never): string | Promise<string> };

export function throttleStep(step: NovuStep, context: RunContext): GuardedStep["throttle"] {
  const { run, rules, deps, digested } = context;

  return async (id: string, limit: Due<{ most: number; within: Duration }, z.ZodObject>, options: Options = {}) => {
    const { by } = options;
    const resolve = async (controls: unknown) => {
      const { most, within } =
        typeof limit === "function" ? await ownCodeNow(context, "throttle", { controls, run: limit }) : limit;
      const key = by && (await ownCodeNow(context, "by", { controls, run: by }));
      for (const { transactionId, distinctId } of run.isTest ? digested : [run, ...digested])
        await deps.mayEndAtThrottle({ transactionId, distinctId, workflow: rules.workflow });
      return {
        type: "fixed",
        ...inLargestUnit(toMs(within)),
        threshold: most,
        // Novu reads the key as a path of the payload first. No path begins like this.
        ...(key !== undefined && { throttleKey: `key=${key}` }),
      } as const;
    };
    await step.throttle(id, resolve, stepOptions(context, id, options));
  };
}
