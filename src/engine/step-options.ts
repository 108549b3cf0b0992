import type { z } from "zod";
import type { StepOptions } from "./guarded-step.ts";
import { publishedOnce } from "./novu-schema.ts";
import { ownCodeNow } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";

type Context = Pick<RunContext, "run" | "rules" | "deps" | "person" | "novuLocale" | "facts" | "ended">;

/** The framework's options for a step that sends nothing. `also` skips the step for a reason of the engine. */
export function stepOptions<Controls extends z.ZodObject>(
  context: Context,
  id: string,
  { controlSchema, skip }: StepOptions<Controls>,
  also: (controls: unknown) => Promise<boolean> = async () => false,
) {
  return {
    ...(controlSchema && { controlSchema: publishedOnce(context.rules.published, id, () => controlSchema) }),
    async skip(controls: unknown): Promise<boolean> {
      if (context.ended !== null) return true;
      if (skip !== undefined && (await ownCodeNow(context, "skip", { controls, run: skip as never }))) return true;
      return also(controls);
    },
  };
}
