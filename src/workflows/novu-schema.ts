import { z } from "zod";
import type { JSONSchema } from "zod/v4/core";

/**
 * A zod schema as Novu can publish it. The framework takes zod 3 only and would silently publish
 * an empty schema for zod 4; defaults are applied by its own validator.
 */
export function novuSchema(schema: z.ZodObject): JSONSchema.BaseSchema & { type: "object" } {
  return { ...z.toJSONSchema(schema, { target: "draft-7", io: "input" }), type: "object" };
}
