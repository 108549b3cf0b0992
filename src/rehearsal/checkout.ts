import { execFile } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { describeError } from "../lib/errors.ts";
import type { Checkout } from "./side.ts";

const run = promisify(execFile);
const LOCK = "package-lock.json";
const NEEDED = join("src", "rehearsal", "run-shard.ts");
/** npm prints a line for each package. */
const MOST_OUTPUT = 64 * 1024 * 1024;

export const WORKING_TREE = "the working tree";

/**
 * A checkout of a git ref in `folder`, which is emptied first. It uses the packages of `root` if both have the same
 * lock file, and otherwise installs its own. Throws if the ref is unknown, or is older than rehearsals are.
 */
export async function checkOut(
  ref: string,
  { root, folder, signal, onInstall }: { root: string; folder: string; signal: AbortSignal; onInstall(): void },
): Promise<Checkout> {
  await remove(folder, root);
  const commit = await git(root, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]).catch(() => {
    throw new Error(`git knows no commit "${ref}"; is it fetched?`);
  });
  await git(root, ["worktree", "add", "--quiet", "--detach", folder, commit.trim()]);
  if (!existsSync(join(folder, NEEDED)))
    throw new Error(`"${ref}" cannot be rehearsed: it is older than npm run rehearse. Compare with a later commit`);
  const packages = join(folder, "node_modules");
  if (isSame(root, folder)) {
    if (!existsSync(packages)) symlinkSync(join(root, "node_modules"), packages, "junction");
  } else {
    onInstall();
    await install(folder, signal);
  }
  return { ref, folder };
}

/** The workflows of a checkout, loaded into this process. */
export async function workflowsIn({ folder }: Pick<Checkout, "folder">): Promise<WorkflowRoutes[]> {
  const file = pathToFileURL(join(folder, "src", "workflows", "product.ts")).href;
  const { product } = (await import(file)) as { product: { workflows: WorkflowRoutes[] } };
  return product.workflows;
}

/** Removes a checkout, and does nothing if there is none. */
export async function remove(folder: string, root: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await git(root, ["worktree", "prune"]).catch(() => {});
}

function isSame(root: string, folder: string): boolean {
  return readFileSync(join(root, LOCK)).equals(readFileSync(join(folder, LOCK)));
}

async function install(folder: string, signal: AbortSignal): Promise<void> {
  try {
    const [command, shell] = process.platform === "win32" ? (["npm.cmd", true] as const) : (["npm", false] as const);
    await run(command, ["ci", "--no-audit", "--no-fund"], { cwd: folder, signal, shell, maxBuffer: MOST_OUTPUT });
  } catch (error) {
    throw new Error(`npm ci failed in the checkout ${folder}: ${describeError(error).slice(0, 500)}`);
  }
}

async function git(root: string, args: string[]): Promise<string> {
  return (await run("git", args, { cwd: root })).stdout;
}
