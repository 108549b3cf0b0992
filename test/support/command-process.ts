import { spawn } from "node:child_process";
import { once } from "node:events";

/** Starts a file as an operator does, and hears what it prints. */
export function startProcess(args: string[], { env, cwd }: { env: Record<string, string>; cwd?: string }) {
  const child = spawn(process.execPath, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ...output,
  }));
  return { child, output, ended };
}
