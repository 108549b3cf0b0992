import { isForksOwn } from "../own-paths.ts";

/** Added, changed or deleted between two releases. */
export interface FileChange {
  status: "A" | "M" | "D";
  path: string;
}

/** The hash of each file by its path. */
export type Tree = ReadonlyMap<string, string>;

export interface FilePlan {
  /** Paths whose changes are applied. */
  apply: string[];
  /** Paths that the fork has deleted. */
  leftOut: string[];
  /** Paths that the fork has changed, and that the new release deletes. They stay. */
  kept: string[];
}

/** These are merged key by key. */
const MERGED = ["package.json", "package-lock.json"];

export function planFiles(changes: FileChange[], { base, fork }: { base: Tree; fork: Tree }): FilePlan {
  const plan: FilePlan = { apply: [], leftOut: [], kept: [] };
  for (const { status, path } of changes) {
    if (isForksOwn(path) || MERGED.includes(path)) continue;
    const isHere = fork.has(path);
    if (status === "M" && !isHere) plan.leftOut.push(path);
    else if (status === "D" && isHere && fork.get(path) !== base.get(path)) plan.kept.push(path);
    else if (status !== "D" || isHere) plan.apply.push(path);
  }
  return plan;
}
