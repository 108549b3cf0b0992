import { execFile } from "node:child_process";
import { promisify } from "node:util";

const MOST_OUTPUT = 2 ** 28;

/** Runs git in a folder and resolves to its output. Throws with git's own error. */
export type Git = (...args: string[]) => Promise<string>;

export function gitIn(folder: string): Git {
  return async (...args) => {
    try {
      return (await promisify(execFile)("git", args, { cwd: folder, maxBuffer: MOST_OUTPUT })).stdout;
    } catch (error) {
      const { stderr = "", code } = error as { stderr?: string; code?: unknown };
      if (code === "ENOENT") throw new Error("git is not installed", { cause: error });
      throw new Error(`git ${args[0]}: ${stderr.trim()}`, { cause: error });
    }
  };
}

/** The records of an output that `-z` has ended with NUL. */
export function recordsIn(output: string): string[] {
  return output.split("\0").filter(Boolean);
}
