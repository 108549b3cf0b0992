import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { built } from "../support/built.ts";

it("built emails import each component from the package that it is from", () => {
  const email = readFileSync(built("test/support/product/letter.tsx"), "utf8");
  const packages = [...email.matchAll(/from "(@react-email\/[^"]+)"/g)].map(([, name]) => name);
  expect(packages).toEqual(["body", "head", "html", "link", "preview", "text"].map((name) => `@react-email/${name}`));
});
