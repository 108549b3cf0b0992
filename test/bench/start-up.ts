import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { settings } from "./contestants.ts";

const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));

/** The time of the built app from its start to its first healthy answer, in milliseconds. */
export async function startUpMs(env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN], { env: { ...settings("http://127.0.0.1:9"), ...env } });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let port: string | undefined;
  while (port === undefined) {
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${output}`);
    port = /"outcome":"listening","port":(\d+)/.exec(output)?.[1];
  }
  await fetch(`http://127.0.0.1:${port}/healthz`);
  const tookMs = performance.now() - startedAt;
  child.kill("SIGKILL");
  await once(child, "exit");
  return Math.round(tookMs);
}
