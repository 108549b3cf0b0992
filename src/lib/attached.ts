// Novu's framework passes a workflow's schemas and resolvers on unchanged. The engine attaches facts to them under
// symbols, and the bridge reads them there.

const ZOD_SCHEMA = Symbol("zod schema");
const FIXED_WAIT = Symbol("fixed wait");

/** Attaches the zod schema that a published JSON schema was made from. */
export function attachZodSchema<Published extends object, Schema>(published: Published, schema: Schema): Published {
  return Object.defineProperty(published, ZOD_SCHEMA, { value: schema });
}

/** Undefined where none is attached. */
export function attachedZodSchema<Schema>(published: unknown): Schema | undefined {
  return (published as { [ZOD_SCHEMA]?: Schema } | undefined)?.[ZOD_SCHEMA];
}

/** Attaches the wait that a delay's resolver always returns. */
export function attachFixedWait<Resolve extends object, Wait>(resolve: Resolve, wait: Wait): Resolve {
  return Object.defineProperty(resolve, FIXED_WAIT, { value: wait });
}

/** Undefined where none is attached. */
export function attachedFixedWait<Wait>(resolve: unknown): Wait | undefined {
  return (resolve as { [FIXED_WAIT]?: Wait } | undefined)?.[FIXED_WAIT];
}
