import { expect, it } from "vitest";
import { z } from "zod";
import { completePayload } from "../../../src/novu/complete-payload.ts";

it.each([
  ["fits", { a: "x" }, z.object({ a: z.string() }), { payload: { a: "x" } }],
  ["has a field more", { a: "x", old: 1 }, z.object({ a: z.string() }), { payload: { a: "x", old: 1 } }],
  ["lacks a field with a default", {}, z.object({ a: z.string().default("d") }), { payload: { a: "d" } }],
  ["lacks a field that may be absent", {}, z.object({ a: z.string().nullish() }), { payload: {} }],
  ["lacks a required field", { b: 1 }, z.object({ a: z.string() }), { misfit: "a" }],
  ["lacks two", {}, z.object({ a: z.string(), b: z.number() }), { misfit: "a, b" }],
  ["has another type, and a default", { a: 1 }, z.object({ a: z.string().default("d") }), { payload: { a: "d" } }],
  ["has another type, and may be absent", { a: 1 }, z.object({ a: z.string().optional() }), { payload: {} }],
  ["has another type, and is required", { a: 1 }, z.object({ a: z.string() }), { misfit: "a" }],
  ["has a word that is none any more", { a: "x" }, z.object({ a: z.enum(["y"]) }), { misfit: "a" }],
  ["has a text of a stricter form", { a: "x" }, z.object({ a: z.email() }), { payload: { a: "x" } }],
  ["has a text of a stricter length", { a: "x" }, z.object({ a: z.string().min(3) }), { payload: { a: "x" } }],
  ["has a number beyond its bounds", { a: 1 }, z.object({ a: z.number().min(3) }), { misfit: "a" }],
  ["lacks a field of a part", { a: {} }, z.object({ a: z.object({ b: z.string() }) }), { misfit: "a" }],
])("a payload that %s", (_what, payload, schema, completed) => {
  expect(completePayload(payload, schema)).toEqual(completed);
});
