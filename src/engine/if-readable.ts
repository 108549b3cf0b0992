import type { PropertyType } from "../contracts/property-types.ts";

/**
 * The first of these values that the type can read; undefined when it can read none. It is for what a message
 * only shows or prefers, so that an odd value stops no message. Text that it reads is as a stranger wrote it.
 */
export function ifReadable<Value>(type: PropertyType<Value>, ...raw: unknown[]): Value | undefined {
  for (const reading of raw.map(type)) if (typeof reading !== "string") return reading.value;
  return undefined;
}
