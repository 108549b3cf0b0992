import type { PropertyType } from "../contracts/property-types.ts";

/**
 * The first of these values that the type can read; undefined where it can read none. It is for values that a message
 * only shows or prefers, so that an odd value stops no message. A text is as its sender wrote it.
 */
export function firstReadable<Value>(type: PropertyType<Value>, ...raw: unknown[]): Value | undefined {
  for (const reading of raw.map(type)) if (typeof reading !== "string") return reading.value;
  return undefined;
}
