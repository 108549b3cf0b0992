import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { built } from "../support/built.ts";

// test/trouble/ship.test.ts has the files of the production build, and starts it.

it("built emails import each component from the package that exports it", () => {
  const email = readFileSync(built("test/support/product/letter.tsx"), "utf8");
  const packages = [...email.matchAll(/from "(@react-email\/[^"]+)"/g)].map(([, name]) => name);
  expect(packages).toEqual(["body", "head", "html", "link", "preview", "text"].map((name) => `@react-email/${name}`));
});
