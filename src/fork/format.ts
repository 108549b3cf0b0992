import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { promisify } from "node:util";

/** Formats files of the checkout in `root`, and sorts their imports. Throws with Biome's output if one does not parse. */
export async function format(root: string, files: string[]): Promise<void> {
  const biome = createRequire(join(root, "package.json")).resolve("@biomejs/biome/bin/biome");
  const config = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-biome-"));
  writeFileSync(join(config, "biome.json"), JSON.stringify(formatOnly(root)));
  try {
    await promisify(execFile)(execPath, [biome, "check", "--write", "--config-path", config, ...files], { cwd: root });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`Biome cannot format ${files.join(", ")}:\n${stdout}${stderr}`);
  } finally {
    rmSync(config, { recursive: true });
  }
}

/**
 * The project's settings without the linter: it may find other faults of the fork, and its rules about imports read all
 * packages first, which takes seconds.
 */
function formatOnly(root: string): object {
  return {
    extends: [join(root, "biome.json")],
    vcs: { enabled: false },
    linter: { enabled: false, domains: { project: "none" } },
  };
}
