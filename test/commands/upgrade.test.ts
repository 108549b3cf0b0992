import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Npm } from "../../src/fork/npm.ts";
import { upgradeOf } from "../../src/fork/upgrade.ts";
import { run } from "../support/command.ts";
import { testFolder } from "../support/folder.ts";
import { type SmallCheckout, smallCheckout } from "../support/small-checkout.ts";

// test/fork/upgrade.test.ts upgrades the project itself.

const packageOf = (version: string, changes: object = {}) =>
  `${JSON.stringify({ name: "engine", version, scripts: { test: "vitest", gone: "1" }, dependencies: { zod: "4.0.0" }, ...changes }, null, 2)}\n`;
const lockOf = (version: string, packages: object = { "node_modules/zod": { version: "4.0.0" } }) =>
  `${JSON.stringify({ name: "engine", version, lockfileVersion: 3, packages: { "": { name: "engine", version }, ...packages } }, null, 2)}\n`;
const LINES = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
const linesWith = (changes: Record<number, string>) =>
  LINES.map((line, index) => (changes[index] === undefined ? line : `${changes[index]}\n`)).join("");

const FIRST = {
  "package.json": packageOf("0.1.0"),
  "package-lock.json": lockOf("0.1.0"),
  "CHANGELOG.md": "# Changelog\n\n## 0.1.0\n",
  "README.md": "ours\n",
  "src/engine/a.ts": LINES.join(""),
  "src/engine/old.ts": "old\n",
  "src/engine/bytes.bin": "\u0000\u0001",
  "src/studio/page.ts": "page\n",
  "src/workflows/README.md": "how\n",
  "src/workflows/index.ts": "ours\n",
  "emails/hello.tsx": "ours\n",
};
const SECOND = {
  "package.json": packageOf("0.2.0", { scripts: { test: "vitest run", more: "2" }, dependencies: { zod: "4.1.0" } }),
  "package-lock.json": lockOf("0.2.0", { "node_modules/zod": { version: "4.1.0" } }),
  "CHANGELOG.md": "# Changelog\n\n## 0.2.0\n\n### You have to\n\n- Rename it.\n\n## 0.1.0\n",
  "README.md": "theirs\n",
  "src/engine/a.ts": linesWith({ 0: "line 0 of the new release" }),
  "src/engine/new.ts": "new\n",
  "src/engine/bytes.bin": "\u0000\u0002ÿ",
  "src/studio/page.ts": "new page\n",
  "src/workflows/README.md": "how now\n",
  "src/workflows/index.ts": "theirs\n",
  "emails/hello.tsx": "theirs\n",
};
/** Everything that a fork of the first release changes, without a conflict. */
const EDITS = {
  "package.json": packageOf("0.1.0", { name: "ours", scripts: { test: "vitest", own: "3" } }),
  "README.md": "of the fork\n",
  "src/engine/a.ts": linesWith({ 19: "line 19 of the fork" }),
  "src/workflows/index.ts": "of the fork\n",
  "emails/hello.tsx": "of the fork\n",
};

const upstream = smallCheckout(FIRST);
upstream.commit();
upstream.git("tag", "v0.1.0");
upstream.write(SECOND);
rmSync(join(upstream.root, "src/engine/old.ts"));
upstream.git("add", "--all");
upstream.git("commit", "--quiet", "--message", "The second");
for (const tag of ["v0.2.0", "v0.9.0-rc.1", "vision"]) upstream.git("tag", tag);
afterAll(() => upstream[Symbol.dispose]());

const INSTALL = "ci --no-audit --no-fund";
/** The calls of npm. A test has no registry. */
let calls: string[] = [];
let fails: RegExp | null = null;
beforeEach(() => {
  calls = [];
  fails = null;
});
const npm: Npm = async (...args) => {
  calls.push(args.join(" "));
  return fails?.test(args.join(" ")) ? { code: 1, output: "npm's own error" } : { code: 0, output: "" };
};

const runUpgrade = ({ root }: SmallCheckout, ...args: string[]) => run(upgradeOf({ root, npm }), args);

/** A copy of the first release without a common history, such as one by a template. */
function forkWith(edits: Record<string, string>, deleted: string[] = []): SmallCheckout {
  const fork = smallCheckout({ ...FIRST, ...edits });
  for (const path of deleted) rmSync(join(fork.root, path));
  fork.commit();
  configure(fork);
  fork.git("remote", "add", "upstream", upstream.root);
  return fork;
}

/** The command runs git with the user's settings. */
function configure(fork: SmallCheckout): void {
  const settings = { "user.name": "A fork", "user.email": "fork@example.com", "commit.gpgSign": "false" };
  for (const [name, value] of Object.entries(settings)) fork.git("config", name, value);
}

describe("npm run upgrade", () => {
  it("changes the engine, keeps everything of the fork, and commits it on a branch", async () => {
    using fork = forkWith(EDITS, ["src/studio/page.ts"]);
    const { code, stdout } = await runUpgrade(fork);
    expect([code, stdout]).toMatchInlineSnapshot(`
      [
        0,
        "v0.1.0 to v0.2.0: 6 files of the engine, on the branch upgrade-to-v0.2.0.

      Left out, because this fork has deleted them:
        src/studio/page.ts

      You have to, for 0.2.0:

      - Rename it.

      npm run typecheck passes.

      npm run lint passes.

      npm run test passes.

      Committed on upgrade-to-v0.2.0. Next: do what You have to lists, npm run check, then merge the branch.
      ",
      ]
    `);
    expect(fork.git("log", "--format=%s", "upgrade-to-v0.2.0")).toEqual(["Upgrade to v0.2.0", "As it was forked"]);
    expect([fork.git("status", "--porcelain"), fork.git("branch", "--show-current")]).toEqual([
      [],
      ["upgrade-to-v0.2.0"],
    ]);

    for (const path of ["src/engine/new.ts", "src/engine/bytes.bin", "src/workflows/README.md"] as const)
      expect([path, fork.read(path)]).toEqual([path, SECOND[path]]);
    for (const path of ["README.md", "src/workflows/index.ts", "emails/hello.tsx"])
      expect([path, fork.read(path)]).toEqual([path, "of the fork\n"]);
    for (const path of ["src/engine/old.ts", "src/studio/page.ts"])
      expect([path, fork.read(path)]).toEqual([path, null]);
    expect(fork.read("src/engine/a.ts")).toBe(linesWith({ 0: "line 0 of the new release", 19: "line 19 of the fork" }));
    expect(JSON.parse(fork.read("package.json") ?? "")).toEqual({
      name: "ours",
      version: "0.2.0",
      scripts: { test: "vitest run", more: "2", own: "3" },
      dependencies: { zod: "4.1.0" },
    });
    expect(JSON.parse(fork.read("package-lock.json") ?? "")).toMatchObject({
      name: "ours",
      version: "0.2.0",
      packages: { "": { name: "ours", version: "0.2.0" } },
    });
    expect(calls).toEqual([INSTALL, "run typecheck", "run lint", "run test"]);

    const again = await runUpgrade(fork);
    expect([again.code, again.stdout]).toEqual([0, "v0.2.0 is here already.\n"]);
  });

  it("does the same in a clone, whose history stays whole", async () => {
    using fork = smallCheckout({});
    fork.git("clone", "--quiet", "--branch", "v0.1.0", "--origin", "upstream", upstream.root, ".");
    configure(fork);
    fork.git("tag", "--delete", "v0.2.0");
    const { code, stdout } = await runUpgrade(fork, "--no-checks", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { from: "v0.1.0", to: "v0.2.0", conflicts: [], checks: [] }]);
    expect(fork.git("log", "--format=%s")).toEqual(["Upgrade to v0.2.0", "As it was forked"]);
    // The fork's own tags are its own.
    expect(fork.git("tag")).not.toContain("v0.2.0");
    expect(calls).toEqual([INSTALL]);
  });

  it("prints the files with --dry-run, and changes nothing", async () => {
    using fork = forkWith(EDITS);
    const { code, stdout } = await runUpgrade(fork, "--dry-run", "--to", "0.2.0");
    expect([code, stdout]).toEqual([0, expect.stringContaining("would change 7 files")]);
    expect(stdout).toContain("\n  src/engine/new.ts\n");
    expect(stdout).toContain("- Rename it.");
    expect([fork.git("status", "--porcelain"), fork.git("branch", "--format=%(refname:short)").length]).toEqual([
      [],
      1,
    ]);
  });

  it("leaves conflicts to a person: markers in a file, a file that was deleted, keys of package.json", async () => {
    using fork = forkWith({
      "src/engine/a.ts": linesWith({ 0: "line 0 of the fork" }),
      "src/engine/new.ts": "new in the fork\n",
      "src/engine/old.ts": "old, and changed\n",
      "package.json": packageOf("0.1.0", { scripts: { test: "jest", gone: "4" } }),
    });
    const { code, stdout } = await runUpgrade(fork, "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        conflicts: ["src/engine/a.ts", "src/engine/new.ts"],
        deletedUpstream: ["src/engine/old.ts"],
        bothChanged: [
          'package.json: scripts.test is "jest" here, which stays, and "vitest run" in v0.2.0',
          'package.json: scripts.gone is "4" here, which stays, and deleted in v0.2.0',
        ],
        isCommitted: false,
        checks: [],
      },
    ]);
    expect(fork.read("src/engine/a.ts")).toMatch(
      /^<<<<<<< .*\nline 0 of the fork\n=======\nline 0 of the new release\n>>>>>>> /,
    );
    expect(fork.read("src/engine/old.ts")).toBe("old, and changed\n");
    expect(fork.read("src/studio/page.ts")).toBe("new page\n");
    expect(fork.git("branch", "--show-current")).toEqual(["upgrade-to-v0.2.0"]);
  });

  it("makes the lock file again for the fork's own dependencies, and installs", async () => {
    using fork = forkWith({
      "package.json": packageOf("0.1.0", { dependencies: { zod: "4.0.0", own: "1.0.0" } }),
      "package-lock.json": lockOf("0.1.0", {
        "node_modules/own": { version: "1.0.0" },
        "node_modules/zod": { version: "4.0.0" },
      }),
    });
    const { code } = await runUpgrade(fork, "--no-checks");
    expect([code, calls]).toEqual([
      0,
      ["install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund", INSTALL],
    ]);
    expect(JSON.parse(fork.read("package-lock.json") ?? "").packages).toMatchObject({
      "node_modules/own": { version: "1.0.0" },
      "node_modules/zod": { version: "4.1.0" },
    });
  });

  it("says what is left to do if npm makes no lock file", async () => {
    using fork = forkWith({ "package.json": packageOf("0.1.0", { dependencies: { zod: "4.0.0", own: "1.0.0" } }) });
    fails = /package-lock-only/;
    const { code, stderr } = await runUpgrade(fork);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/npm cannot make package-lock.json.*npm ci.*npm's own error/s),
    ]);
  });

  it("exits with 3 if a check fails after the commit", async () => {
    using fork = forkWith({});
    fails = /lint/;
    const { code, stdout } = await runUpgrade(fork);
    expect([code, stdout]).toEqual([3, expect.stringContaining("npm run lint fails:\nnpm's own error")]);
    expect(fork.git("status", "--porcelain")).toEqual([]);
  });
});

describe("npm run upgrade refuses", () => {
  const unchanged = forkWith({});
  afterAll(() => unchanged[Symbol.dispose]());

  const refusal = async (fork: SmallCheckout, ...args: string[]) => {
    const head = fork.read(".git/HEAD");
    const { code, stdout, stderr } = await runUpgrade(fork, ...args);
    expect([stdout, fork.read(".git/HEAD")]).toEqual(["", head]);
    return [code, stderr] as const;
  };

  it("a folder without git, a repository without a commit, and the folder of another repository", async () => {
    using fork = smallCheckout(FIRST);
    expect(await refusal(fork)).toEqual([
      1,
      expect.stringMatching(/no git repository.*git init.*git remote add upstream/),
    ]);
    fork.git("init", "--quiet");
    expect(await refusal(fork)).toEqual([1, expect.stringContaining("no commit yet")]);
    mkdirSync(join(fork.root, "inner"));
    cpSync(join(fork.root, "package.json"), join(fork.root, "inner/package.json"));
    const { stderr } = await run(upgradeOf({ root: join(fork.root, "inner"), npm }), []);
    expect(stderr).toContain("is the folder inner/ of another repository");
  });

  it("a checkout without the remote, or with changes that are not committed", async () => {
    using fork = forkWith({});
    fork.write({ "of-mine.txt": "not committed" });
    expect(await refusal(fork)).toEqual([1, expect.stringContaining("not committed (git status)")]);
    fork.git("remote", "remove", "upstream");
    expect(await refusal(fork)).toEqual([1, expect.stringContaining('no remote "upstream". Add it: git remote add')]);
  });

  it.each([
    [["--to", "v0.3.0"], 1, "upstream has no tag v0.3.0; it has v0.1.0, v0.2.0"],
    [["--to", "main"], 2, '"main" is no release; --to takes a tag such as v0.2.0'],
    [["--from", "v0.1.0"], 2, "--from"],
  ])("%j", async (args, expected, message) => {
    expect(await refusal(unchanged, ...args)).toEqual([expected, expect.stringContaining(message)]);
  });

  it.each([
    ["0.0.9", "upstream has no tag v0.0.9"],
    ["2.0.0-ours", 'the version "2.0.0-ours" in package.json is no release'],
  ])("the version %s", async (version, message) => {
    using fork = forkWith({ "package.json": packageOf(version) });
    expect(await refusal(fork)).toEqual([1, expect.stringContaining(message)]);
  });

  it("an older release, and a branch that exists", async () => {
    using fork = forkWith({ "package.json": packageOf("0.2.0") });
    expect(await refusal(fork, "--to", "v0.1.0")).toEqual([1, expect.stringContaining("v0.1.0 is older than")]);
    using second = forkWith({});
    second.git("branch", "upgrade-to-v0.2.0");
    expect(await refusal(second)).toEqual([1, expect.stringContaining("git branch -D upgrade-to-v0.2.0")]);
  });

  it("a remote that does not answer, or breaks off in the middle of a fetch", async () => {
    using fork = forkWith({});
    using broken = testFolder();
    cpSync(upstream.root, broken.path, { recursive: true });
    const [hash = ""] = upstream.git("rev-parse", "v0.2.0:src/engine/new.ts");
    rmSync(join(broken.path, ".git/objects", hash.slice(0, 2), hash.slice(2)));
    fork.git("remote", "set-url", "upstream", broken.path);
    expect(await refusal(fork)).toEqual([
      1,
      expect.stringContaining("the tags could not be fetched; nothing is changed"),
    ]);
    fork.git("remote", "set-url", "upstream", `${broken.path}-elsewhere`);
    expect(await refusal(fork)).toEqual([1, expect.stringContaining("upstream does not answer; nothing is changed")]);

    fork.git("remote", "set-url", "upstream", upstream.root);
    expect((await runUpgrade(fork, "--no-checks")).code).toBe(0);
  });
});
