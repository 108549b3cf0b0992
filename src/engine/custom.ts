import { z } from "zod";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import { publishedOnce, publishedResult } from "./novu-schema.ts";
import { ownCodeNow } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";

/** The framework's `custom` with simpler types. The framework infers its types from a literal JSON schema. */
type CustomStep = (
  id: string,
  resolve: (controls: unknown) => Promise<Record<string, unknown>>,
  options: { outputSchema: object; controlSchema: object },
) => Promise<unknown>;

const NO_CONTROLS = z.object({});

export function customStep(step: NovuStep, context: RunContext): GuardedStep["custom"] {
  const { rules } = context;
  return async (id: string, schema: z.ZodObject, find, { controlSchema = NO_CONTROLS, skip } = {}) => {
    const resolve = async (controls: unknown) => {
      if (skip !== undefined && (await ownCodeNow(context, "skip", { controls, run: skip as never }))) return {};
      return ownCodeNow<object>(context, "find", { controls, run: find as never }) as Promise<Record<string, unknown>>;
    };
    const result = await (step.custom as CustomStep)(id, resolve, {
      // A skipped step has no fields, and the bridge has to find that valid.
      outputSchema: publishedResult(skip === undefined ? schema : schema.partial()),
      controlSchema: publishedOnce(rules.published, id, () => controlSchema),
    });
    // In a call for a later step, the bridge has provided a valid result. In other calls no code reads the result.
    return (result ?? {}) as never;
  };
}
