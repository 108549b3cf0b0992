import type { z } from "zod";
import { type Duration, inLargestUnit, toMs } from "./duration.ts";
import type { Due, GuardedStep, NovuStep, StepOptions } from "./guarded-step.ts";
import { momentOf } from "./moment.ts";
import { ownCode } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";
import { stepOptions } from "./step-options.ts";

type Options = StepOptions<z.ZodObject> & { by?(moment: never): string | Promise<string> };

export function throttleStep(step: NovuStep, context: RunContext): GuardedStep["throttle"] {
  const { run, rules, deps, facts, digested } = context;

  return async (id: string, limit: Due<{ most: number; within: Duration }, z.ZodObject>, options: Options = {}) => {
    const { by } = options;
    const resolve = async (controls: unknown) => {
      const moment = await momentOf(context, controls as never);
      const { most, within } =
        typeof limit === "function" ? await ownCode(facts, "throttle", () => limit(moment)) : limit;
      const key = by && (await ownCode(facts, "by", () => by(moment as never)));
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
