import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCE = /\.tsx?$/;
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/** What each room may import besides itself. Everything else arrives as functions, from app.ts. */
const ALLOWED: Record<string, string[]> = {
  contracts: ["contracts"],
  lib: ["lib"],
  workflows: ["contracts", "lib", "emails"],
  emails: [],
  sandbox: ["contracts", "lib"],
};
const ANY_ROOM = ["contracts", "lib"];
/** Files that may import more, and what. */
const EXCEPTIONS: Record<string, string[]> = {
  "src/sandbox/sandbox.ts": ["app", "config"],
  "src/sandbox/dev.ts": ["product"],
  "src/sandbox/demo/demo.ts": ["product"],
};
/** Only these import src/product.ts; the engine gets it from them as an argument. */
const KNOWS_THE_PRODUCT = ["main", "cli"];
/** The map of the house and its door, what is a fork's own, and the commands, which open the rooms they need. */
const COMPOSITION = ["app", "main", "cli", "product", "commands"];

interface Import {
  from: string;
  to: string;
}

describe("the rooms", () => {
  const imports = [...files("src"), ...files("emails")].flatMap(importsOf);

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("do not import each other; app.ts introduces them", () => {
    expect(imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("would be caught if they did", () => {
    expect(isAllowed({ from: "src/ingress/x.ts", to: "src/store/store.ts" })).toBe(false);
    expect(isAllowed({ from: "emails/x.tsx", to: "src/lib/names.ts" })).toBe(false);
    expect(isAllowed({ from: "src/contracts/x.ts", to: "src/lib/errors.ts" })).toBe(false);
    expect(isAllowed({ from: "src/sandbox/lab.ts", to: "src/app.ts" })).toBe(false);
    expect(isAllowed({ from: "src/commands/x.ts", to: "src/store/store.ts" })).toBe(true);
    expect(isAllowed({ from: "src/app.ts", to: "src/commands/x.ts" })).toBe(false);
    expect(isAllowed({ from: "src/app.ts", to: "src/product.ts" })).toBe(false);
    expect(isAllowed({ from: "src/commands/x.ts", to: "src/product.ts" })).toBe(false);
  });
});

function isAllowed({ from, to }: Import): boolean {
  const [home, target] = [roomOf(from), roomOf(to)];
  if (target === "commands") return home === "commands" || home === "cli";
  if ((EXCEPTIONS[from] ?? []).includes(target)) return true;
  if (target === "product") return KNOWS_THE_PRODUCT.includes(home);
  if (home === target || COMPOSITION.includes(home)) return true;
  return (ALLOWED[home] ?? ANY_ROOM).includes(target);
}

/** src/store/x.ts → store, src/app.ts → app, emails/x.tsx → emails */
function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "src" ? second.replace(SOURCE, "") : top;
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
