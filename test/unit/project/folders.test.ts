import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCE = /\.tsx?$/;
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/** The folders that each folder may import besides itself. Everything else arrives as functions, from app.ts. */
const ALLOWED: Record<string, string[]> = {
  contracts: ["lib"],
  lib: [],
  config: ["settings", "read-settings", "contracts", "lib"],
  environment: ["read-settings", "contracts", "lib"],
  "read-settings": ["settings", "contracts", "lib"],
  engine: ["contracts", "lib"],
  workflows: ["engine", "contracts", "lib", "emails"],
  studio: ["explain", "contracts", "lib"],
  emails: [],
};
const ANY_FOLDER = ["contracts", "lib"];
/** Files that may import one file more. */
const EXCEPTIONS: Record<string, string[]> = {
  // The person properties that the fork declares.
  "src/contracts/person.ts": ["src/workflows/person-properties.ts"],
  // A type: the topics that a workflow may name.
  "src/engine/lifecycle.ts": ["src/workflows/topics.ts"],
  // Types: the locales of the messages.
  "src/contracts/locale.ts": ["emails/_components/locales.ts"],
  // The contexts by which the emails get their locale and their unsubscribe link.
  "src/engine/email.ts": ["emails/_components/reader-locale.ts", "emails/_components/unsubscribe-url.ts"],
  "src/sandbox/preview-emails.ts": ["emails/_components/locales.ts"],
  "src/sandbox/sandbox.ts": ["src/app.ts", "src/config.ts"],
  "src/sandbox/local-config.ts": ["src/config.ts"],
  "src/sandbox/services.ts": ["src/app.ts"],
  "src/sandbox/sandbox-settings.ts": ["src/settings.ts", "src/read-settings.ts"],
  "src/sandbox/dev/dev-order.ts": ["src/settings.ts", "src/read-settings.ts"],
  "src/sandbox/dev/connect.ts": ["src/commands/connect/destination.ts", "src/commands/posthog-api.ts"],
  "src/sandbox/dev/run-dev.ts": ["src/workflows/product.ts", "src/workflows/demo/samples.ts"],
  "src/sandbox/event.ts": ["src/workflows/demo/samples.ts"],
  "src/rehearsal/rehearse.ts": ["src/workflows/product.ts"],
  "src/rehearsal/run-shard.ts": ["src/workflows/product.ts", "src/workflows/demo/samples.ts"],
  "src/sandbox/demo/demo.ts": [
    "src/workflows/product.ts",
    "src/workflows/demo/samples.ts",
    "src/workflows/demo/story.ts",
  ],
  // Types: a story and samples for the sandbox.
  "src/workflows/demo/story.ts": ["src/sandbox/demo/demo-story.ts"],
  "src/workflows/demo/samples.ts": ["src/sandbox/samples.ts"],
};
/** These wire the folders, and get the product as an argument. */
const COMPOSITION = ["app", "commands", "rehearsal"];
/** These start a process. Only they import the product. */
const ENTRIES = ["main", "cli"];

interface Import {
  from: string;
  to: string;
}

describe("the folders of src", () => {
  const imports = [...files("src"), ...files("emails")].flatMap(importsOf);

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("do not import each other; app.ts wires them", () => {
    expect(imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it.each([
    ["src/sources/x.ts", "src/store/store.ts", false],
    ["emails/x.tsx", "src/lib/names.ts", false],
    ["src/contracts/x.ts", "src/store/tables.ts", false],
    ["src/lib/x.ts", "src/contracts/run.ts", false],
    ["src/engine/x.ts", "src/workflows/index.ts", false],
    ["src/workflows/x.tsx", "src/engine/lifecycle.ts", true],
    ["src/sandbox/sandbox-controls.ts", "src/app.ts", false],
    ["src/commands/x.ts", "src/store/store.ts", true],
    ["src/rehearsal/x.ts", "src/store/store.ts", true],
    ["src/rehearsal/x.ts", "src/sandbox/sandbox.ts", true],
    ["src/rehearsal/x.ts", "src/workflows/product.ts", false],
    ["src/commands/x.ts", "src/rehearsal/x.ts", false],
    ["src/app.ts", "src/commands/x.ts", false],
    ["src/app.ts", "src/sandbox/sandbox.ts", false],
    ["src/app.ts", "src/workflows/product.ts", false],
    ["src/commands/x.ts", "src/workflows/product.ts", false],
    ["src/main.ts", "src/workflows/product.ts", true],
  ])("%s may import %s: %s", (from, to, may) => {
    expect(isAllowed({ from, to })).toBe(may);
  });
});

function isAllowed({ from, to }: Import): boolean {
  const [home, target] = [folderOf(from), folderOf(to)];
  if (home === target || EXCEPTIONS[from]?.includes(to)) return true;
  if (target === "commands") return home === "cli";
  if (target === "workflows") return ENTRIES.includes(home);
  if (target === "sandbox") return home === "rehearsal";
  // A production build has no rehearsal.
  if (target === "rehearsal") return false;
  if (COMPOSITION.includes(home) || ENTRIES.includes(home)) return true;
  return (ALLOWED[home] ?? ANY_FOLDER).includes(target);
}

/** src/store/x.ts → store, src/app.ts → app, emails/x.tsx → emails */
function folderOf(path: string): string {
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
