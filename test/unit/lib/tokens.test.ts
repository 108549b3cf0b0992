import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createTokens } from "../../../src/lib/tokens.ts";

const OLD = "an old key of sixteen";
const NEW = "a new key of sixteen";
const content = z.object({ to: z.string() });
const tokens = (keys: string[], purpose = "link") => createTokens({ keys, purpose, content });

describe("a token", () => {
  it("says what was put in, and nothing of it to who has no key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (to) => {
        const token = tokens([NEW]).make({ to });
        expect(tokens([NEW]).read(token)).toEqual({ to });
        expect(token).toMatch(/^[\w-]+$/);
        expect(tokens([OLD]).read(token)).toBeNull();
      }),
    );
    expect(Buffer.from(tokens([NEW]).make({ to: "ada@example.com" }), "base64url").includes("ada")).toBe(false);
  });

  it("is the same for the same content", () => {
    expect(tokens([NEW]).make({ to: "ada" })).toBe(tokens([NEW]).make({ to: "ada" }));
  });

  it("is read with any key, and made with the newest", () => {
    expect(tokens([NEW, OLD]).read(tokens([OLD]).make({ to: "ada" }))).toEqual({ to: "ada" });
    expect(tokens([NEW]).read(tokens([NEW, OLD]).make({ to: "ada" }))).toEqual({ to: "ada" });
  });

  it("is none for another purpose, nor with content of another shape", () => {
    const token = tokens([NEW]).make({ to: "ada" });
    expect(tokens([NEW], "unsubscribe").read(token)).toBeNull();
    const others = createTokens({ keys: [NEW], purpose: "link", content: z.object({ from: z.string() }) });
    expect(others.read(token)).toBeNull();
  });

  it("with any character changed, left out or added is none", () => {
    const token = tokens([NEW]).make({ to: "https://app.acme.example/checkout" });
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."AZaz09-_.%=", ""), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        fc.pre(changed !== token);
        expect(tokens([NEW]).read(changed)).toBeNull();
      }),
    );
    for (const odd of ["", "x", `${token}=`, `${token}A`, token + token, "A".repeat(10_000)])
      expect(tokens([NEW]).read(odd)).toBeNull();
  });
});
