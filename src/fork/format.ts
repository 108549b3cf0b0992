import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { execPath } from "node:process";
import { promisify } from "node:util";

/** Formats files of the checkout in `root`, and sorts their imports. Throws with Biome's output if one does not parse. */
export async function format(root: string, files: string[]): Promise<void> {
  const biome = createRequire(join(root, "package.json")).resolve("@biomejs/biome/bin/biome");
  try {
    // Without the linter, which may find other faults of the fork in the list.
    await promisify(execFile)(execPath, [biome, "check", "--write", "--linter-enabled=false", ...files], { cwd: root });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`Biome cannot format ${files.join(", ")}:\n${stdout}${stderr}`);
  }
}
