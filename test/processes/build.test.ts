import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { built } from "../support/built.ts";

// test/trouble/ship.test.ts has the files of the production build, and starts it.

it("the files that are started load no packages at once, and have no unused email components", () => {
  const chunks = built("chunks");
  const texts = [
    ...["src/main.ts", "src/cli.ts"].map(built),
    ...readdirSync(chunks)
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(chunks, name)),
  ].map((file) => readFileSync(file, "utf8"));
  const imported = texts.flatMap((text) => [...text.matchAll(/^import [^"]*"([^".][^"]*)";$/gm)]);
  expect(imported.map(([, name = ""]) => name).filter((name) => !isBuiltin(name))).toEqual([]);
  expect(texts.join("")).not.toContain("tailwindcss");
});
