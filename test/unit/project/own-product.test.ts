import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCE = /\.tsx?$/;
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/** The tests of the engine: what a fork makes its own must not turn them red. */
const ENGINE_TESTS = ["app", "engines", "commands", "browser", "trouble", "unit", "support"].map(
  (name) => `test/${name}`,
);
/** The files of support that lead to what is shipped, for test/workflows and test/processes. */
const LEADS_TO_SHIPPED = ["test/support/shipped.ts"];
/** The fork's own: the list, each workflow, the emails, the brand, its locales and colours, and the Segment names. */
const OWN = [/^src\/workflows\//, /^emails\/[^/]+\.tsx$/, /^emails\/_components\/(brand|locales|tokens)\.ts$/];
/** A type is not there when the tests run; this one says what a workflow may name as its topic. */
const TYPE_ONLY = { from: "test/support/product/topics.ts", to: "src/workflows/topics.ts" };

interface Import {
  from: string;
  to: string;
}

describe("the tests of the engine", () => {
  const imports = ENGINE_TESTS.flatMap(files).flatMap(importsOf);

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(300);
  });

  it("import nothing that is a fork's own", () => {
    expect(imports.filter(isForksOwn).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("would be caught if they did", () => {
    const from = "test/app/x.test.ts";
    for (const to of [
      "src/workflows/index.ts",
      "src/workflows/drop-off.tsx",
      "src/workflows/topics.ts",
      "emails/welcome.tsx",
      "emails/_components/brand.ts",
      "src/workflows/product.ts",
    ])
      expect([to, isForksOwn({ from, to })]).toEqual([to, true]);
    for (const to of ["src/engine/lifecycle.ts", "src/engine/wait.ts", "test/support/product/onboarding.tsx"])
      expect([to, isForksOwn({ from, to })]).toEqual([to, false]);
    expect(isForksOwn({ from, to: "test/support/shipped.ts" })).toBe(true);
  });
});

function isForksOwn({ from, to }: Import): boolean {
  if (LEADS_TO_SHIPPED.includes(from)) return false;
  if (to === TYPE_ONLY.to) return from !== TYPE_ONLY.from;
  return LEADS_TO_SHIPPED.includes(to) || OWN.some((own) => own.test(to));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(IMPORT)].map(([, target = ""]) => ({
    from: file,
    to: relative(root, join(root, dirname(file), target)),
  }));
}

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => SOURCE.test(name))
    .map((name) => join(folder, name));
}
