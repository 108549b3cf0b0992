/** A part of a JSON schema, as zod makes it. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

const FEWEST = 4;
const MOST = 12;
const BY_FORMAT: Record<string, string[]> = {
  uri: ["https://example.com/"],
  email: ["ada@example.com"],
  uuid: ["00000000-0000-4000-8000-000000000000"],
  date: ["2000-01-01", "2100-01-01"],
  "date-time": ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"],
};

/**
 * Payloads that differ as much as the schema allows: every option of its lists, small and large numbers, with and
 * without its optional fields.
 */
export function samplePayloads(schema: object): Array<Record<string, unknown>> {
  const count = Math.min(MOST, Math.max(FEWEST, mostOptions(schema)));
  return Array.from({ length: count }, (_, nth) => sample(schema, nth) as Record<string, unknown>);
}

function sample(schema: Schema, nth: number): unknown {
  const options = optionsOf(schema);
  if (options !== undefined) return options[nth % options.length];
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return sample(alternatives[nth % alternatives.length] ?? {}, nth);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((one) => sample(one, nth)));
  switch (schema.type) {
    case "object": {
      const fields = Object.entries(schema.properties ?? {});
      return Object.fromEntries(fields.map(([key, field], index) => [key, sample(field, nth + (nth > 1 ? index : 0))]));
    }
    case "array":
      return nth % 2 === 0 ? [sample(schema.items ?? {}, nth)] : [];
    case "boolean":
      return nth % 2 === 0;
    case "number":
    case "integer":
      return nth % 2 === 0 ? (schema.maximum ?? 1e9) : (schema.minimum ?? -1e9);
    case "string":
      return nth % 2 === 0 ? "text" : "";
    case "null":
      return null;
    default:
      return nth % 2 === 0 ? {} : null;
  }
}

function optionsOf({ const: only, enum: listed, format = "" }: Schema): unknown[] | undefined {
  if (only !== undefined) return [only];
  return listed ?? BY_FORMAT[format];
}

function mostOptions({
  enum: options = [],
  properties = {},
  items,
  anyOf = [],
  oneOf = [],
  allOf = [],
}: Schema): number {
  const inside = [...Object.values(properties), ...(items ? [items] : []), ...anyOf, ...oneOf, ...allOf];
  return Math.max(options.length, anyOf.length, oneOf.length, ...inside.map(mostOptions));
}
