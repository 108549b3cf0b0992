import { expect, it } from "vitest";
import { z } from "zod";
import { webUrl } from "../../../src/engine/web-url.ts";
import { completePayload } from "../../../src/novu/complete-call.ts";

const LINK = webUrl("https://own.example/");

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
  [
    "has a part with a word that is none any more, and a default",
    { a: { b: "x", c: 1 } },
    z.object({ a: z.object({ b: z.enum(["y"]).default("y"), c: z.number() }) }),
    { payload: { a: { b: "y", c: 1 } } },
  ],
  [
    "has a part with a field of another type, that may be absent",
    { a: { b: "x", c: 1 } },
    z.object({ a: z.object({ b: z.number().optional(), c: z.number() }) }),
    { payload: { a: { c: 1 } } },
  ],
  [
    "lacks a required field of a part that may be absent",
    { a: { c: 1 } },
    z.object({ a: z.object({ b: z.number(), c: z.number() }).optional() }),
    { payload: {} },
  ],
  [
    "has a list whose items lack a field that may be null",
    { a: [{ b: "x" }, { b: "y", c: 2 }] },
    z.object({ a: z.array(z.object({ b: z.string(), c: z.number().nullable() })) }),
    {
      payload: {
        a: [
          { b: "x", c: null },
          { b: "y", c: 2 },
        ],
      },
    },
  ],
  [
    "has a list with an item that does not fit, and a default",
    { a: [{ b: "x" }, { b: 1 }] },
    z.object({ a: z.array(z.object({ b: z.string() })).default([]) }),
    { payload: { a: [] } },
  ],
  ["has a list with an item that does not fit", { a: [1, "x"] }, z.object({ a: z.array(z.string()) }), { misfit: "a" }],
  ["lacks a field that may be null", {}, z.object({ a: z.number().nullable() }), { payload: { a: null } }],
  [
    "has another type than one of two",
    { a: 1 },
    z.object({ a: z.union([z.string(), z.null()]) }),
    { payload: { a: null } },
  ],
  ["has null in place of a text", { a: null }, z.object({ a: z.string() }), { misfit: "a" }],
  [
    "has a field more than a strict schema",
    { a: "x", b: 1 },
    z.strictObject({ a: z.string() }),
    { payload: { a: "x" } },
  ],
  [
    "has a field more in a strict part",
    { a: { b: 1, c: 2 } },
    z.object({ a: z.strictObject({ b: z.number() }) }),
    { payload: { a: { b: 1 } } },
  ],
  ["breaks a rule in code", { a: "x" }, z.object({ a: z.string().refine(() => false) }), { payload: { a: "x" } }],
  [
    "has a text of a stricter form in a union",
    { a: "x" },
    z.object({ a: z.union([z.email(), z.number()]) }),
    { payload: { a: "x" } },
  ],
  [
    "lacks a part whose default does not fit",
    {},
    z.object({ a: z.object({ b: z.string() }).meta({ default: { b: 1 } }) }),
    { misfit: "a.b" },
  ],
  ["lacks a link", {}, z.object({ a: LINK }), { payload: { a: "https://own.example/" } }],
  [
    "has a link to another host",
    { a: "https://a.example/" },
    z.object({ a: LINK }),
    { payload: { a: "https://own.example/" } },
  ],
  ["has no link to the web", { a: "javascript:1" }, z.object({ a: LINK }), { payload: { a: "https://own.example/" } }],
  [
    "has a link to another host in a part, which may be null",
    { a: [{ b: "https://a.example/" }] },
    z.object({ a: z.array(z.object({ b: LINK.nullable() })) }),
    { payload: { a: [{ b: "https://own.example/" }] } },
  ],
])("a payload that %s", (_what, payload, schema, completed) => {
  expect(completePayload(payload, schema)).toEqual(completed);
});
