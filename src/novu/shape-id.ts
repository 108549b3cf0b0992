import { createHash } from "node:crypto";
import type { Shape } from "../contracts/shape.ts";

/** The same shape always has the same id. */
export function shapeIdOf(shape: Shape): string {
  return hashOf(shape);
}

export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 20);
}
