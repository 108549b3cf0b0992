import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { testFolder } from "../../support/folder.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const isClone = existsSync(join(root, ".git"));
if (!isClone) process.stderr.write("no clone of git: the line ends of a fresh clone are not looked at\n");

describe.skipIf(!isClone)("a clone with core.autocrlf=true, which Git for Windows sets", () => {
  it("has every file as it was committed, and LF in every text", { timeout: 120_000 }, () => {
    using folder = testFolder();
    const clone = join(folder.path, "clone");
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "core.autocrlf=true", ...args], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
    git("clone", "--quiet", "--no-hardlinks", root, clone);

    const files = git("-C", clone, "ls-files", "--eol").trim().split("\n");
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((file) => / w\/(crlf|mixed)/.test(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith(".png") && !file.includes("attr/-text"))).toEqual([]);
    expect(git("-C", clone, "status", "--porcelain")).toBe("");
  });
});
