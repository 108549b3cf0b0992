import type { z } from "zod";
import type { StepOptions } from "./guarded-step.ts";
import { momentOf } from "./moment.ts";
import { publishedOnce } from "./novu-schema.ts";
import { ownCode } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";

type Context = Pick<RunContext, "run" | "rules" | "deps" | "person" | "facts" | "ended">;

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
      if (skip !== undefined) {
        const moment = await momentOf(context, controls as z.output<Controls>);
        if (await ownCode(context.facts, "skip", () => skip(moment))) return true;
      }
      return also(controls);
    },
  };
}
