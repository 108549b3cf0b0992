import { expect, it } from "vitest";
import { z } from "zod";
import { recordingReads } from "../../../src/comparison/recorded-reads.ts";

it.each<[how: string, read: (properties: Record<string, unknown>) => unknown, names: string[]]>([
  ["by name", (properties) => properties.a, ["a"]],
  ["by destructuring", ({ a, b }) => [a, b], ["a", "b"]],
  ["below a property", ({ cart }) => (cart as { value?: number } | undefined)?.value, ["cart"]],
  ["by in", (properties) => "a" in properties, ["a"]],
  ["by a schema", (properties) => z.object({ a: z.string().optional() }).safeParse(properties), ["a"]],
  ["a copy reads none", (properties) => ({ ...properties }), []],
  ["a copy, and then by name", (properties) => [{ ...properties }, properties.a], ["a"]],
  ["as JSON, without a name", (properties) => JSON.stringify({ ...properties }), []],
  ["a method of every object", (properties) => properties.toString(), []],
])("properties read %s", (_how, read, expected) => {
  const names = new Set<string>();
  read(recordingReads({ a: "1", b: "2", cart: { value: 3 } }, names));
  expect([...names].sort()).toEqual(expected);
});
