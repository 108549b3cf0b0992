import { z } from "zod";
import type { JSONSchema } from "zod/v4/core";
import { attachZodSchema } from "../contracts/workflow.ts";

export type NovuSchema = JSONSchema.BaseSchema & { type: "object" };

/** The keywords for which zod and Novu's validator, ajv, accept different values. */
const DISPUTED = ["format", "pattern", "minLength", "maxLength"] as const;

/**
 * The JSON schema of a message's controls, which Novu can publish. The framework accepts only zod 3: for a schema of
 * zod 4 it publishes an empty schema without an error. The framework's validator applies the defaults.
 */
export function publishedControls(schema: z.ZodObject): NovuSchema {
  return { ...z.toJSONSchema(schema, { target: "draft-7", io: "input" }), type: "object" };
}

/** As `publishedControls`, made once for each step, because the workflow's code runs at each call. */
export function publishedOnce(published: Map<string, NovuSchema>, step: string, schema: () => z.ZodObject): NovuSchema {
  const known = published.get(step) ?? publishedControls(schema());
  published.set(step, known);
  return known;
}

/**
 * The JSON schema of a payload. zod parsed the payload when the event arrived. Days later the framework checks only the
 * shape of the payload, because a refusal would lose the message: ajv refuses a URL with an umlaut, which zod accepts.
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
 * The JSON schema of a custom step's result, with every field optional. If the step's call was lost, Novu has `{}` as
 * its result, and the framework would refuse that at every later step. The bridge then runs the step again.
 */
export function publishedResult(schema: z.ZodObject): NovuSchema {
  const { required: _, ...published } = publishedPayload(schema);
  return attachZodSchema({ ...published, type: "object" } as const, schema);
}
