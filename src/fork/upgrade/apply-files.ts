import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Git, recordsIn } from "../git.ts";
import { type FileChange, type FilePlan, planFiles, type Tree } from "./plan-files.ts";
import type { Releases } from "./releases.ts";

/** The changes between the releases, as far as they are the engine's. */
export async function filePlan(git: Git, { fromRef, toRef }: Releases): Promise<FilePlan> {
  const listed = recordsIn(await git("diff", "--name-status", "--no-renames", "-z", fromRef, toRef));
  const changes: FileChange[] = [];
  for (let index = 0; index + 1 < listed.length; index += 2) {
    const [status = "", path = ""] = listed.slice(index);
    changes.push({ status: status === "A" || status === "D" ? status : "M", path });
  }
  return planFiles(changes, { base: await treeOf(git, fromRef), fork: await treeOf(git, "HEAD") });
}

/**
 * Applies the changes of these paths to the working tree and the index, with a merge of three sides. Returns the paths
 * with conflict markers. Throws if git can apply none of them.
 */
export async function applyFiles(git: Git, { apply }: FilePlan, releases: Releases): Promise<string[]> {
  if (apply.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-upgrade-"));
  try {
    const patch = await patchOf(git, apply, releases, folder);
    const failure = await git("apply", "--3way", "--index", "--whitespace=nowarn", patch).then(
      () => null,
      (error: unknown) => error,
    );
    const conflicts = recordsIn(await git("diff", "--name-only", "--diff-filter=U", "-z"));
    if (failure !== null && conflicts.length === 0) throw failure;
    return conflicts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function treeOf(git: Git, ref: string): Promise<Tree> {
  const entries = recordsIn(await git("ls-tree", "-r", "-z", ref)).map((entry) => {
    const [facts = "", path = ""] = entry.split("\t");
    return [path, facts.split(" ")[2] ?? ""] as const;
  });
  return new Map(entries);
}

/** Windows allows 32,767 characters in a command. */
const PATHS_AT_ONCE = 200;

/** The file with the patch. Its bytes never become text, because a file may be in any encoding. */
async function patchOf(git: Git, paths: string[], { fromRef, toRef }: Releases, folder: string): Promise<string> {
  const parts: string[] = [];
  for (let start = 0; start < paths.length; start += PATHS_AT_ONCE) {
    const part = join(folder, `${start}.patch`);
    const options = ["--binary", "--full-index", "--no-renames", `--output=${part}`];
    const some = paths.slice(start, start + PATHS_AT_ONCE);
    await git("--literal-pathspecs", "diff", ...options, fromRef, toRef, "--", ...some);
    parts.push(part);
  }
  const patch = join(folder, "all.patch");
  writeFileSync(patch, Buffer.concat(parts.map((part) => readFileSync(part))));
  return patch;
}
