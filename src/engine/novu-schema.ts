import { z } from "zod";
import type { JSONSchema } from "zod/v4/core";
import { attachZodSchema } from "../contracts/workflow.ts";

type NovuSchema = JSONSchema.BaseSchema & { type: "object" };

/** The keywords on which zod and Novu's validator, ajv, disagree for some values. */
const DISPUTED = ["format", "pattern", "minLength", "maxLength"] as const;

/**
 * A zod schema as Novu can publish it. The framework accepts only zod 3, and publishes an empty schema for zod 4
 * without an error. Its own validator applies the defaults.
 */
export function publishedControls(schema: z.ZodObject): NovuSchema {
  return { ...z.toJSONSchema(schema, { target: "draft-7", io: "input" }), type: "object" };
}

/**
 * The same for a payload. zod has parsed it when the event arrived; days later the framework checks only its shape,
 * because a refusal would lose the message. For example, ajv refuses a URL with an umlaut, and zod accepts it.
 * Throws for types that JSON does not have, such as dates, and for transforms.
 */
export function publishedPayload(schema: z.ZodObject): NovuSchema {
  z.toJSONSchema(schema, { io: "output" });
  const shape = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema }) => {
      for (const keyword of DISPUTED) delete jsonSchema[keyword];
    },
  });
  return attachZodSchema({ ...shape, type: "object" } as const, schema);
}

/**
 * The same for the result of a custom step, with every field optional: where the step's call was lost, Novu has `{}`,
 * which the framework would refuse at every later step. The bridge runs the step again.
 */
export function publishedResult(schema: z.ZodObject): NovuSchema {
  const { required: _, ...published } = publishedPayload(schema);
  return attachZodSchema({ ...published, type: "object" } as const, schema);
}
