import type { z } from "zod";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import { publishedResult } from "./novu-schema.ts";
import type { RunContext } from "./run-context.ts";

/** As the framework's, without its types, which it infers from a literal JSON schema. */
type CustomStep = (
  id: string,
  resolve: () => Promise<Record<string, unknown>>,
  options: { outputSchema: object },
) => Promise<unknown>;

export function customStep(step: NovuStep, { run, deps, person }: RunContext): GuardedStep["custom"] {
  return async <Result extends z.ZodObject>(
    id: string,
    schema: Result,
    find: Parameters<GuardedStep["custom"]>[2],
  ): Promise<z.output<Result>> => {
    const resolve = async () =>
      find({
        person: (await person())?.properties ?? run.snapshot,
        distinctId: run.distinctId,
        now: new Date(deps.now()),
      });
    const result = await (step.custom as CustomStep)(id, resolve, { outputSchema: publishedResult(schema) });
    // At a call for a later step the bridge has put a result there that fits; at other calls nothing runs that reads it.
    return (result ?? {}) as z.output<Result>;
  };
}
