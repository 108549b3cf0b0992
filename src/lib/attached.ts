// Novu's framework hands out what a workflow gave it, resolvers and schemas, unchanged. These marks are how the bridge
// finds our own facts on them again.

const BEHIND = Symbol("the zod schema behind a published one");
const FIXED = Symbol("the fixed wait of a delay's resolver");

/** Notes the zod schema that a published JSON schema was made from. */
export function attachZodSchema<Published extends object, Schema>(published: Published, schema: Schema): Published {
  return Object.defineProperty(published, BEHIND, { value: schema });
}

/** The zod schema behind a published one; undefined where none is noted. */
export function attachedZodSchema<Schema>(published: unknown): Schema | undefined {
  return (published as { [BEHIND]?: Schema } | undefined)?.[BEHIND];
}

/** Notes that a delay's resolver always answers this. */
export function attachFixedWait<Resolve extends object, Wait>(resolve: Resolve, wait: Wait): Resolve {
  return Object.defineProperty(resolve, FIXED, { value: wait });
}

/** The wait that a delay's resolver always answers; undefined where none is noted. */
export function attachedFixedWait<Wait>(resolve: unknown): Wait | undefined {
  return (resolve as { [FIXED]?: Wait } | undefined)?.[FIXED];
}
