import { spawn } from "node:child_process";
import { once } from "node:events";
import { platform } from "node:process";

/** Runs npm to its end. */
export type Npm = (...args: string[]) => Promise<{ code: number; output: string }>;

export function npmIn(folder: string): Npm {
  return async (...args) => {
    // npm is a script of the shell on Windows.
    const child = spawn("npm", args, { cwd: folder, shell: platform === "win32", stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const [code] = await once(child, "close");
    return { code: (code as number | null) ?? 1, output };
  };
}
