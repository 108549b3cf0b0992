import { z } from "zod";
import type { JSONSchema } from "zod/v4/core";
import { attachZodSchema } from "../lib/attached.ts";

type NovuSchema = JSONSchema.BaseSchema & { type: "object" };

/** Where zod and Novu's validator, ajv, do not agree on every value. */
const DISPUTED = ["format", "pattern", "minLength", "maxLength"] as const;

/**
 * A zod schema as Novu can publish it. The framework takes zod 3 only and would silently publish
 * an empty schema for zod 4; defaults are applied by its own validator.
 */
export function publishedControls(schema: z.ZodObject): NovuSchema {
  return { ...z.toJSONSchema(schema, { target: "draft-7", io: "input" }), type: "object" };
}

/**
 * The same for a payload, which zod has checked at the door: only its shape is checked again,
 * days later, when refusing it would lose the message. ajv takes no URL with an umlaut, zod does.
 * Throws for what JSON cannot carry from the door to the step, such as dates and transforms.
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
 * The result of a custom step. Nothing in it is required: Novu keeps `{}` where the call of the step was lost,
 * and the framework would refuse that at every later step. The bridge finds the value out again.
 */
export function publishedResult(schema: z.ZodObject): NovuSchema {
  const { required: _, ...published } = publishedPayload(schema);
  return attachZodSchema({ ...published, type: "object" } as const, schema);
}
