import { expect, it } from "vitest";
import { npmIn } from "../../src/fork/npm.ts";
import { isForksOwn } from "../../src/fork/own-paths.ts";
import { removeOf } from "../../src/fork/remove.ts";
import { upgradeOf } from "../../src/fork/upgrade.ts";
import { run } from "../support/command.ts";
import { isAsShipped } from "./as-shipped.ts";
import { addByReadme, makeTransactional, rebrand, renameTopics } from "./changes.ts";
import { type Clone, cloneCheckout } from "./clone.ts";
import { removalsIn, remove } from "./remove.ts";

// test/commands/upgrade.test.ts has conflicts and refusals; test/fork/first-day.test.ts compiles and runs such a fork.

/** A busy machine needs this long. */
const WITHIN_MS = 5 * 60_000;
const ADDED = "src/lib/added.ts";
const CHANGED = "src/lib/names.ts";
const DELETED = "src/lib/markdown.ts";
const OF_THE_STUDIO = "src/studio/page.ts";
const OWN = ["emails/welcome.tsx", "emails/_components/brand.ts", "src/workflows/onboarding.tsx", "README.md"];

it.skipIf(!isAsShipped)(
  "a fork that has changed all that is its own, and removed the studio, is upgraded without a conflict",
  {
    timeout: WITHIN_MS,
  },
  async () => {
    using upstream = cloneCheckout();
    using fork = cloneCheckout();
    const root = fork.path("");
    const { version } = packageIn(fork);
    const next = version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
    release(upstream, version, next);
    await edit(fork);
    const before = ownFiles(fork);

    const installs: string[][] = [];
    // An install would go into the node_modules of this checkout, and a test has no registry.
    const npm = async (...args: string[]) => {
      installs.push(args);
      return args[0] === "ci" ? { code: 0, output: "" } : npmIn(root)(...args, "--offline");
    };
    fork.git("remote", "add", "upstream", upstream.path(""));
    const { code, stdout, stderr } = await run(upgradeOf({ root, npm }), ["--no-checks", "--json"]);
    expect([code, stderr]).toEqual([0, "… npm ci\n"]);
    expect(JSON.parse(stdout)).toMatchObject({ leftOut: [OF_THE_STUDIO], conflicts: [], isCommitted: true });
    expect(installs.map(([first]) => first)).toEqual(["install", "ci"]);

    expect(ownFiles(fork)).toEqual(before);
    for (const file of [ADDED, CHANGED, "CHANGELOG.md", "src/workflows/README.md"])
      expect([file, fork.read(file)]).toEqual([file, upstream.read(file)]);
    expect(fork.files("src").filter((file) => file === DELETED || file.startsWith("src/studio/"))).toEqual([]);
    expect(fork.read("src/app.ts")).toMatch(/^\/\/ The new release\.\n/);
    expect(fork.read("src/app.ts")).not.toContain("openStudio");

    const merged = packageIn(fork);
    expect([merged.version, merged.scripts.own, merged.scripts.bench, merged.scripts.screenshots]).toEqual([
      next,
      "node own.js",
      "echo bench",
      undefined,
    ]);
    expect([merged.dependencies.ms, merged.devDependencies.yaml]).toEqual(["*", "2.9.999"]);
    const { packages } = JSON.parse(fork.read("package-lock.json")) as {
      packages: Record<string, Record<string, unknown>>;
    };
    expect([packages[""]?.version, packages["node_modules/yaml"]?.version]).toEqual([next, "2.9.999"]);
    expect(packages[""]?.dependencies).toHaveProperty("ms");
    expect(Object.values(packages).filter(({ resolved }) => String(resolved).startsWith("http"))).toEqual([]);
  },
);

interface Package {
  version: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

function packageIn(clone: Clone): Package {
  return JSON.parse(clone.read("package.json")) as Package;
}

function change(clone: Clone, file: string, edit: (value: never) => void): void {
  clone.edit(file, (text) => {
    const value = JSON.parse(text) as never;
    edit(value);
    return `${JSON.stringify(value, null, 2)}\n`;
  });
}

/** The next release changes the engine, and also files that are a fork's own. */
function release(upstream: Clone, version: string, next: string): void {
  upstream.git("tag", `v${version}`);
  upstream.write(ADDED, "export const added = true;\n");
  upstream.remove(DELETED);
  for (const file of [CHANGED, OF_THE_STUDIO, "src/app.ts", "src/workflows/README.md", ...OWN])
    upstream.edit(file, (text) => `// The new release.\n${text}`);
  upstream.edit("CHANGELOG.md", (text) => `${text}\nThe new release.\n`);
  change(upstream, "package.json", (file: Package) => {
    file.version = next;
    file.scripts.bench = "echo bench";
    file.devDependencies.yaml = "2.9.999";
  });
  change(upstream, "package-lock.json", (lock: { version: string; packages: Record<string, Package> }) => {
    lock.version = next;
    for (const [name, entry] of Object.entries(lock.packages)) {
      if (name === "") Object.assign(entry, { version: next }).devDependencies.yaml = "2.9.999";
      if (name === "node_modules/yaml") entry.version = "2.9.999";
    }
  });
  upstream.commit("The next release");
  upstream.git("tag", `v${next}`);
}

async function edit(fork: Clone): Promise<void> {
  addByReadme(fork);
  expect(await run(removeOf({ root: fork.path("") }), ["re-engagement"])).toMatchObject({ code: 0 });
  rebrand(fork);
  renameTopics(fork);
  makeTransactional(fork, "drop-off");
  for (const removal of removalsIn(fork)) if (removal.title.endsWith("Remove the studio")) remove(fork, removal);
  change(fork, "package.json", (file: Package) => {
    file.scripts.own = "node own.js";
    // Another package has it too, so that the lock file has it already.
    file.dependencies.ms = "*";
  });
  fork.commit("Everything of the fork");
  fork.git("config", "user.name", "A fork");
  fork.git("config", "user.email", "fork@example.com");
  fork.git("config", "commit.gpgSign", "false");
}

function ownFiles(fork: Clone): Array<[string, string]> {
  return fork
    .files(".")
    .filter(isForksOwn)
    .map((file) => [file, fork.read(file)]);
}
