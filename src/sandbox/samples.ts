import type { PayloadSchema } from "./local-novu/state.ts";

/** Example properties for events and people. A fork has its own in src/workflows/demo/samples.ts. */
export interface Samples {
  /** By event name. */
  properties: Record<string, Record<string, unknown>>;
  /** The properties of a person whom the source does not have yet. */
  person(distinctId: string): Record<string, unknown>;
}

const BY_TYPE: Record<string, unknown> = {
  string: "text",
  number: 1,
  integer: 1,
  boolean: true,
  array: [],
  object: {},
};

/** A value for each required property of a payload: its default, else that of a sample event, else one of its type. */
export function samplePayload(
  { properties = {}, required = [] }: PayloadSchema,
  samples: Samples,
): Record<string, unknown> {
  const known: Record<string, unknown> = Object.assign({}, ...Object.values(samples.properties));
  return Object.fromEntries(
    required.map((name) => {
      const { type = "string", enum: allowed, default: byDefault } = properties[name] ?? {};
      return [name, byDefault ?? known[name] ?? allowed?.[0] ?? BY_TYPE[type] ?? null];
    }),
  );
}
